// The editor's tools as one hook: a language server for the script, the linter's marks and fixes, and the formatter, for
// the file that is shown. `attachTools` is the same without React, for whoever is told of each file that is shown.
import * as monaco from "monaco-editor/editor";
import { useEffect } from "react";
import { createStore, type Store, useStore } from "~/lib/store";
import { offerFormatting } from "./format";
import { Language, type LanguageStatus } from "./language";
import { LanguageClient } from "./language-client";
import { lint, offerFixes } from "./lint";
import { placeOf } from "./places";

export interface Shown {
  scriptId: string;
  editor: monaco.editor.IStandaloneCodeEditor;
  model: monaco.editor.ITextModel;
  /** The file's path in the script's folder; its model is `file:///script/<path>`. */
  path: string;
}

/** What the formatter refused last, and when somebody should be told of it. */
export const formatRefusal: Store<{ message: string } | null> = createStore<{ message: string } | null>(null);

export interface Places {
  /** A file of the script, at this line. */
  onFile(path: string, line: number): void;
  /** A source of a package or of Python itself: to be shown read-only. */
  onSource(model: monaco.editor.ITextModel, line: number): void;
}

/** Where a definition is shown that is in another file; the answer ends that. */
export const openPlaces = ({ onFile, onSource }: Places): monaco.IDisposable =>
  monaco.editor.registerEditorOpener({
    openCodeEditor(_from, resource, at) {
      const model = monaco.editor.getModel(resource);
      if (resource.scheme !== "file" || !model) return false;
      const line = at === undefined ? 1 : "lineNumber" in at ? at.lineNumber : at.startLineNumber;
      const place = placeOf(resource.path);
      if (place.kind === "file") onFile(place.path, line);
      else onSource(model, line);
      return true;
    },
  });

const languages = new Map<string, Language>();
let shownNow: Shown | null = null;
let offered = false;

export function languageOf(scriptId: string): Language {
  let language = languages.get(scriptId);
  if (!language) {
    language = new Language({ scriptId, client: (socket) => new LanguageClient(socket, scriptId) });
    languages.set(scriptId, language);
  }
  return language;
}

/** Once per page: providers are the editor's, not a file's. */
function offer() {
  if (offered) return;
  offered = true;
  offerFixes();
  offerFormatting({
    scriptId: () => shownNow?.scriptId ?? null,
    pathOf: (model) => (shownNow?.model === model ? shownNow.path : null),
    onRefusal: (message) => formatRefusal.set({ message }),
  });
}

const isPython = (path: string) => path.endsWith(".py") || path.endsWith(".pyi");

/** Joins the tools to a file that is shown; the answer ends their interest in it. */
export function attachTools(shown: Shown): (() => void) | undefined {
  if (!isPython(shown.path)) return undefined;
  offer();
  shownNow = shown;
  const language = languageOf(shown.scriptId);
  const leave = language.use();
  // Types between the words are for those who ask: Ctrl+Alt.
  shown.editor.updateOptions({ inlayHints: { enabled: "offUnlessPressed" } });
  const endLint = lint(shown.scriptId, shown.path, shown.model);
  const typing = shown.model.onDidChangeContent(() => language.wake());
  const focus = shown.editor.onDidFocusEditorText(() => language.wake());
  return () => {
    if (shownNow === shown) shownNow = null;
    typing.dispose();
    focus.dispose();
    endLint();
    // The next file of the script is shown in a moment; a server need not be started anew for that.
    setTimeout(leave, 1_000);
  };
}

/** Formats what is shown; what it refuses stands in `formatRefusal`. */
export const formatShown = (editor: monaco.editor.IStandaloneCodeEditor) => {
  formatRefusal.set(null);
  return editor.getAction("editor.action.formatDocument")?.run();
};

export interface Tools {
  status: LanguageStatus;
  format(): void;
  /** After it was given up. */
  again(): void;
}

export function useTools(
  editor: monaco.editor.IStandaloneCodeEditor | null,
  scriptId: string,
  path: string | null,
): Tools {
  useEffect(() => {
    const model = editor?.getModel();
    if (!editor || !model || path === null) return;
    return attachTools({ scriptId, editor, model, path });
  }, [editor, scriptId, path]);
  const language = languageOf(scriptId);
  const status = useStore(language.status);
  return {
    status,
    format: () => void (editor && formatShown(editor)),
    again: () => language.again(),
  };
}
