// The linter's problems as marks in a model, and its safe fixes as quick fixes. Asked again when typing pauses; an answer
// that comes after more was typed is not shown. Where there are no tools the marks are simply not there.
import * as monaco from "monaco-editor/editor";
import { client, unwrap } from "~/api/client";
import type { components } from "~/api/schema";
import { codeActions, markersOf } from "./lint-marks";

export type Problem = components["schemas"]["Problem"];

const OWNER = "ruff";
const PAUSE_MS = 400;

interface Linted {
  version: number;
  problems: readonly Problem[];
}

const found = new WeakMap<monaco.editor.ITextModel, Linted>();

/** Keeps a model's marks up to date; the answer ends that. */
export function lint(scriptId: string, path: string, model: monaco.editor.ITextModel): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked: AbortController | null = null;

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const version = model.getVersionId();
    try {
      const { problems } = await unwrap(
        client.POST("/api/v1/scripts/{id}/tools/lint", {
          params: { path: { id: scriptId } },
          body: { path, text: model.getValue() },
          signal,
        }),
      );
      if (signal.aborted || model.isDisposed() || model.getVersionId() !== version) return;
      found.set(model, { version, problems });
      monaco.editor.setModelMarkers(model, OWNER, markersOf(problems));
    } catch {
      // No tools, or a linter that refuses: old marks would stand at wrong places.
      if (!signal.aborted && !model.isDisposed()) monaco.editor.setModelMarkers(model, OWNER, []);
    }
  };

  const typing = model.onDidChangeContent(() => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), PAUSE_MS);
  });
  void ask();
  return () => {
    clearTimeout(timer);
    asked?.abort();
    typing.dispose();
    if (!model.isDisposed()) monaco.editor.setModelMarkers(model, OWNER, []);
  };
}

/** Offers the fixes of what was found, as long as the text is what was linted. */
export const offerFixes = (): monaco.IDisposable =>
  monaco.languages.registerCodeActionProvider("python", {
    provideCodeActions(model, range) {
      const linted = found.get(model);
      const current = linted?.version === model.getVersionId() ? linted.problems : [];
      return { actions: codeActions(current, range, model.uri, model.getVersionId()), dispose() {} };
    },
  });
