import type * as monaco from "monaco-editor/editor";
import { expect, it } from "vitest";
import { codeActions, markersOf } from "./lint-marks";

const problem = {
  code: "F401",
  message: "`os` imported but unused",
  severity: "warning" as const,
  url: null,
  start: { line: 1, column: 8 },
  end: { line: 1, column: 10 },
  fix: { message: "Remove it", edits: [{ start: { line: 1, column: 1 }, end: { line: 2, column: 1 }, text: "" }] },
};
const resource = { scheme: "file" } as monaco.Uri;

it("marks what is wrong, and fades what is not needed", () => {
  expect(markersOf([problem, { ...problem, code: "invalid-syntax", severity: "error", fix: null }])).toEqual([
    {
      startLineNumber: 1,
      startColumn: 8,
      endLineNumber: 1,
      endColumn: 10,
      severity: 4,
      message: "`os` imported but unused",
      source: "ruff",
      code: "F401",
      tags: [1],
    },
    expect.objectContaining({ severity: 8, code: "invalid-syntax" }),
  ]);
});

it("offers the fixes of the lines that are asked about", () => {
  const at = (line: number) => ({ startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: 1 });
  const [action, ...others] = codeActions([problem, { ...problem, fix: null }], at(1), resource, 3);
  expect(others).toEqual([]);
  expect(action?.title).toBe("Remove it");
  expect(action?.edit?.edits).toEqual([
    {
      resource,
      versionId: 3,
      textEdit: { range: { startLineNumber: 1, startColumn: 1, endLineNumber: 2, endColumn: 1 }, text: "" },
    },
  ]);
  expect(codeActions([problem], at(2), resource, 3)).toEqual([]);
});
