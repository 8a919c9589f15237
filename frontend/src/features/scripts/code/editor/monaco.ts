// The editor's code: Python and the plain files beside it, one worker, nothing from the internet. Imported lazily, as it is most of the bundle.
import * as monaco from "monaco-editor/editor";
import "monaco-editor/features/register.all";
import "monaco-editor/languages/definitions/css/register";
import "monaco-editor/languages/definitions/html/register";
import "monaco-editor/languages/definitions/ini/register";
import "monaco-editor/languages/definitions/javascript/register";
import "monaco-editor/languages/definitions/markdown/register";
import "monaco-editor/languages/definitions/python/register";
import "monaco-editor/languages/definitions/shell/register";
import "monaco-editor/languages/definitions/sql/register";
import "monaco-editor/languages/definitions/xml/register";
import "monaco-editor/languages/definitions/yaml/register";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";
import type { Theme } from "~/lib/theme";

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

/** Monaco takes hexadecimal colours; the tokens are OKLCH. A canvas knows both. */
function hexOf(token: string): string {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return "#808080";
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  context.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, a = 255] = context.getImageData(0, 0, 1, 1).data;
  const two = (value: number) => value.toString(16).padStart(2, "0");
  return `#${two(r)}${two(g)}${two(b)}${a < 255 ? two(a) : ""}`;
}

const SYNTAX: Record<Theme, Record<string, string>> = {
  dark: {
    comment: "7d8494",
    keyword: "b8a9ff",
    string: "8fd0a0",
    number: "e5b880",
    type: "86c6ea",
    delimiter: "a9afbd",
    tag: "86c6ea",
    "string.escape": "e5b880",
  },
  light: {
    comment: "6b7280",
    keyword: "5b3fc4",
    string: "1f6f3d",
    number: "955313",
    type: "0f6394",
    delimiter: "4b5260",
    tag: "0f6394",
    "string.escape": "955313",
  },
};

/** Makes the editor's theme from the page's tokens as they are now, and uses it. */
export function applyEditorColours(theme: Theme) {
  const name = `pytask-${theme}`;
  monaco.editor.defineTheme(name, {
    base: theme === "dark" ? "vs-dark" : "vs",
    inherit: true,
    rules: Object.entries(SYNTAX[theme]).map(([token, foreground]) => ({ token, foreground })),
    colors: {
      "editor.background": hexOf("--panel"),
      "editor.foreground": hexOf("--ink"),
      "editorLineNumber.foreground": hexOf("--ink-3"),
      "editorLineNumber.activeForeground": hexOf("--ink"),
      "editorCursor.foreground": hexOf("--accent-ink"),
      "editor.lineHighlightBackground": hexOf("--hover"),
      "editor.lineHighlightBorder": "#00000000",
      "editor.selectionBackground": `${hexOf("--accent")}55`,
      "editor.inactiveSelectionBackground": `${hexOf("--accent")}30`,
      // Brackets in one quiet colour: pairs are told apart by the one the cursor touches.
      ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`editorBracketHighlight.foreground${n}`, hexOf("--ink-2")])),
      "editorBracketHighlight.unexpectedBracket.foreground": hexOf("--ink-2"),
      "editorIndentGuide.background1": hexOf("--line"),
      "editorIndentGuide.activeBackground1": hexOf("--line-strong"),
      "editorWidget.background": hexOf("--raised"),
      "editorWidget.border": hexOf("--line"),
      "editorSuggestWidget.selectedBackground": hexOf("--selected"),
      "editorGutter.background": hexOf("--panel"),
      "diffEditor.insertedTextBackground": `${hexOf("--ok")}2e`,
      "diffEditor.insertedLineBackground": `${hexOf("--ok")}1a`,
      "diffEditor.removedTextBackground": `${hexOf("--fail")}2e`,
      "diffEditor.removedLineBackground": `${hexOf("--fail")}1a`,
      "diffEditor.diagonalFill": hexOf("--line"),
      "diffEditor.unchangedRegionBackground": hexOf("--sunken"),
      "diffEditor.unchangedRegionForeground": hexOf("--ink-2"),
      "scrollbar.shadow": "#00000000",
      focusBorder: hexOf("--accent-ink"),
      "input.background": hexOf("--panel"),
      "input.border": hexOf("--line-strong"),
    },
  });
  monaco.editor.setTheme(name);
}

/** How every editor and every comparison here looks. */
export const LOOKS = {
  automaticLayout: true,
  minimap: { enabled: false },
  fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontLigatures: false,
  fontSize: 13,
  lineHeight: 20,
  padding: { top: 10, bottom: 10 },
  scrollBeyondLastLine: false,
  smoothScrolling: false,
  renderLineHighlight: "line",
  renderLineHighlightOnlyWhenFocus: true,
  lineNumbersMinChars: 4,
  overviewRulerBorder: false,
  hideCursorInOverviewRuler: true,
  fixedOverflowWidgets: true,
  unicodeHighlight: { ambiguousCharacters: true },
} as const satisfies monaco.editor.IEditorOptions;

export { monaco };
