// Monaco for the workspace's files: one editor, one model per open file (each keeps its own undo history).
// The workspace is the truth for the text; the editor only types into it. A line that is asked for is shown, marked
// until something is typed, and gets the caret.
import { useEffect, useRef } from "react";
import { useStore } from "~/lib/store";
import { theme } from "~/lib/theme";
import type { OpenFile, Workspace } from "../workspace";
import { followMarkers } from "./markers";
import { keepModels, modelOf } from "./models";
import { applyEditorColours, LOOKS, monaco } from "./monaco";
import { type OnEditor, together } from "./seam";

export interface EditorProps {
  workspace: Workspace;
  file: OpenFile;
  /** The line to show. */
  line?: number | undefined;
  /** Goes up when the same line is asked for once more. */
  asked: number;
  /** Tools that join in. */
  onEditor?: OnEditor | undefined;
}

/** Makes a text the model's as one step that can be undone. Answers whether it was another. */
function take(model: monaco.editor.ITextModel, text: string): boolean {
  if (model.getValue() === text) return false;
  model.pushStackElement();
  model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
  model.pushStackElement();
  return true;
}

export default function Editor({ workspace, file, line, asked, onEditor }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor | null>(null);
  const views = useRef(new Map<string, monaco.editor.ICodeEditorViewState | null>());
  const current = useStore(theme);
  const { path, epoch } = file;
  const latest = useRef(file);
  latest.current = file;

  useEffect(() => {
    if (!host.current) return;
    const created = monaco.editor.create(host.current, {
      ...LOOKS,
      model: null,
      guides: { indentation: true },
      tabSize: 4,
      insertSpaces: true,
      ariaLabel: "Code",
    });
    editor.current = created;
    const typing = created.onDidChangeModelContent(() => {
      const model = created.getModel();
      if (model) workspace.edit(latest.current.path, model.getValue());
    });
    const pruning = workspace.subscribe(() => keepModels(workspace.scriptId, (each) => workspace.snapshot().has(each)));
    // The font arrives after the editor measured its stand-in.
    void document.fonts.ready.then(() => monaco.editor.remeasureFonts());
    return () => {
      pruning();
      typing.dispose();
      created.dispose();
      editor.current = null;
    };
  }, [workspace]);

  useEffect(() => applyEditorColours(current), [current]);

  useEffect(() => {
    const shown = editor.current;
    if (!shown) return;
    const model = modelOf(workspace.scriptId, path, latest.current.text);
    take(model, latest.current.text);
    shown.setModel(model);
    const view = views.current.get(path);
    if (view) shown.restoreViewState(view);
    const remembered = views.current;
    return () => {
      remembered.set(path, shown.saveViewState());
    };
  }, [workspace, path]);

  useEffect(() => {
    const shown = editor.current;
    const model = shown?.getModel();
    if (!shown || !model) return;
    const tools = onEditor ? together(followMarkers, onEditor) : followMarkers;
    return tools({ scriptId: workspace.scriptId, editor: shown, model, path }) ?? undefined;
  }, [workspace, path, onEditor]);

  // Text that came from elsewhere (a reload, a conflict decided) replaces the model's, as one step that can be undone;
  // typing never passes here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `epoch` is exactly when that happened.
  useEffect(() => {
    const model = editor.current?.getModel();
    const view = editor.current?.saveViewState();
    if (model && take(model, latest.current.text) && view) editor.current?.restoreViewState(view);
  }, [epoch]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `path` and `asked` are when the line is to be shown anew.
  useEffect(() => {
    const shown = editor.current;
    const model = shown?.getModel();
    if (!shown || !model || line === undefined) return;
    // The file may have become shorter since that line was spoken of.
    const lineNumber = Math.min(line, model.getLineCount());
    shown.setPosition({ lineNumber, column: Math.max(1, model.getLineFirstNonWhitespaceColumn(lineNumber)) });
    shown.revealLineInCenter(lineNumber, monaco.editor.ScrollType.Immediate);
    shown.focus();
    const mark = shown.createDecorationsCollection([
      {
        range: new monaco.Range(lineNumber, 1, lineNumber, 1),
        options: { isWholeLine: true, className: "code-place", linesDecorationsClassName: "code-place-edge" },
      },
    ]);
    const typing = shown.onDidChangeModelContent(() => mark.clear());
    return () => {
      typing.dispose();
      mark.clear();
    };
  }, [workspace, path, line, asked]);

  return <div ref={host} className="absolute inset-0" data-testid="editor" />;
}
