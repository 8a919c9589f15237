// "Format document" by the server's formatter: one provider for all Python models of a script. The text comes back as a
// whole; Monaco itself finds the smallest edits, so that the caret stays where it is.
import * as monaco from "monaco-editor/editor";
import { ApiError, client, unwrap } from "~/api/client";

export interface Formatting {
  scriptId(): string | null;
  pathOf(model: monaco.editor.ITextModel): string | null;
  /** Why nothing was formatted, for people. */
  onRefusal(message: string): void;
}

export const offerFormatting = ({ scriptId, pathOf, onRefusal }: Formatting): monaco.IDisposable =>
  monaco.languages.registerDocumentFormattingEditProvider("python", {
    displayName: "ruff",
    async provideDocumentFormattingEdits(model, _options, token) {
      const [id, path, version] = [scriptId(), pathOf(model), model.getVersionId()];
      if (id === null || path === null) return [];
      try {
        const { text } = await unwrap(
          client.POST("/api/v1/scripts/{id}/tools/format", {
            params: { path: { id } },
            body: { path, text: model.getValue() },
          }),
        );
        const stale = token.isCancellationRequested || model.isDisposed() || model.getVersionId() !== version;
        if (stale || text === model.getValue()) return [];
        return [{ range: model.getFullModelRange(), text }];
      } catch (error) {
        onRefusal(error instanceof ApiError ? error.message : "The text could not be formatted.");
        return [];
      }
    },
  });
