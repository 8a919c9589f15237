import { describe, expect, it } from "vitest";
import { EMBEDDED_BYTES, numericColumns, prettyJson, previewOf, TEXT_BYTES, tableOf } from "./preview";

describe("previewOf", () => {
  it("goes by kind", () => {
    expect(previewOf({ kind: "html", size: 10 })).toEqual({ how: "frame" });
    expect(previewOf({ kind: "csv", size: 10 })).toEqual({ how: "csv" });
    expect(previewOf({ kind: "pdf", size: 10 })).toEqual({ how: "tab" });
    expect(previewOf({ kind: "other", size: 10 })).toEqual({ how: "none", why: "unknown" });
  });
  it("is honest about what is too large or empty", () => {
    expect(previewOf({ kind: "text", size: TEXT_BYTES + 1 })).toEqual({
      how: "none",
      why: "too_large",
      most: TEXT_BYTES,
    });
    expect(previewOf({ kind: "image", size: TEXT_BYTES + 1 })).toEqual({ how: "image" });
    expect(previewOf({ kind: "image", size: EMBEDDED_BYTES + 1 })).toMatchObject({ why: "too_large" });
    expect(previewOf({ kind: "json", size: 0 })).toEqual({ how: "none", why: "empty" });
  });
});

describe("prettyJson", () => {
  it("shows structure, or admits there is none", () => {
    expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(prettyJson("{")).toBeNull();
  });
});

describe("tableOf", () => {
  it("takes a head and so many rows, all equally wide", () => {
    expect(tableOf([["a", "b"], ["1"], ["2", "3", "4"]], 1)).toEqual({
      head: ["a", "b", ""],
      rows: [["1", "", ""]],
      more: true,
    });
    expect(tableOf([], 5)).toEqual({ head: [], rows: [], more: false });
  });
  it("knows columns of numbers", () => {
    const table = tableOf(
      [
        ["country", "amount", "share"],
        ["DE", "1,200.50", "12 %"],
        ["FR", "-3e5", ""],
      ],
      10,
    );
    expect(numericColumns(table)).toEqual([false, true, true]);
  });
});
