// Marks that anybody set in a model (a language server, a linter) as problems of its file, by who set them.
import { type Problem, report, type Severity } from "../problems/problems";
import { pathOf } from "./models";
import { monaco } from "./monaco";
import type { OnEditor } from "./seam";

const severityOf = (severity: monaco.MarkerSeverity): Severity =>
  severity === monaco.MarkerSeverity.Error ? "error" : severity === monaco.MarkerSeverity.Warning ? "warning" : "info";

const codeOf = (code: monaco.editor.IMarker["code"]): string | undefined =>
  typeof code === "object" ? code.value : code;

/** Follows the marks of every open file for as long as an editor is there. */
export const followMarkers: OnEditor = ({ scriptId }) => {
  const spoken = new Map<string, Set<string>>();
  const tell = (uri: monaco.Uri) => {
    const path = pathOf(uri);
    if (path === null) return;
    const by = new Map<string, Problem[]>();
    for (const marker of monaco.editor.getModelMarkers({ resource: uri })) {
      const source = marker.source ?? marker.owner;
      const problems = by.get(source) ?? [];
      by.set(source, problems);
      problems.push({
        path,
        severity: severityOf(marker.severity),
        // A language server's notes follow behind an empty line; the editor has them all.
        message: marker.message.split("\n\n", 1)[0] ?? "",
        code: codeOf(marker.code),
        line: marker.startLineNumber,
        column: marker.startColumn,
      });
    }
    const sources = new Set([...(spoken.get(path) ?? []), ...by.keys()]);
    for (const source of sources) report(scriptId, source, path, by.get(source) ?? []);
    spoken.set(path, new Set(by.keys()));
  };
  for (const model of monaco.editor.getModels()) tell(model.uri);
  const listening = monaco.editor.onDidChangeMarkers((uris) => uris.forEach(tell));
  return () => {
    listening.dispose();
    for (const [path, sources] of spoken) for (const source of sources) report(scriptId, source, path, []);
  };
};
