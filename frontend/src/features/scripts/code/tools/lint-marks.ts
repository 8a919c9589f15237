// From the linter's problems to what an editor shows: pure. The editor's enumerations are numbers, so that it is not
// needed to say them.
import type * as monaco from "monaco-editor/editor";
import type { components } from "~/api/schema";

type Problem = components["schemas"]["Problem"];
type Span = Pick<Problem, "start" | "end">;

const ERROR = 8;
const WARNING = 4;
const UNNECESSARY = 1;
/** Rules about what could as well not be there: shown faded. */
const SUPERFLUOUS = new Set(["F401", "F841"]);

const rangeOf = ({ start, end }: Span): monaco.IRange => ({
  startLineNumber: start.line,
  startColumn: start.column,
  endLineNumber: end.line,
  endColumn: end.column,
});

export function markersOf(problems: readonly Problem[]): monaco.editor.IMarkerData[] {
  return problems.map((problem) => ({
    ...rangeOf(problem),
    severity: problem.severity === "error" ? ERROR : WARNING,
    message: problem.message,
    source: "ruff",
    // Monaco asks for an address as its own class; its shape is not needed to show the code.
    code: problem.code,
    ...(SUPERFLUOUS.has(problem.code) ? { tags: [UNNECESSARY] } : {}),
  }));
}

const touches = (problem: Problem, range: monaco.IRange) =>
  problem.start.line <= range.endLineNumber && problem.end.line >= range.startLineNumber;

export function codeActions(
  problems: readonly Problem[],
  range: monaco.IRange,
  resource: monaco.Uri,
  versionId: number,
): monaco.languages.CodeAction[] {
  return problems.flatMap((problem) => {
    const { fix } = problem;
    if (!fix || !touches(problem, range)) return [];
    const edits = fix.edits.map((edit) => ({
      resource,
      versionId,
      textEdit: { range: rangeOf(edit), text: edit.text },
    }));
    return [
      {
        title: fix.message,
        kind: "quickfix",
        isPreferred: true,
        diagnostics: markersOf([problem]),
        edit: { edits },
      },
    ];
  });
}
