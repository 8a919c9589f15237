import { describe, expect, it } from "vitest";
import type { ImportLine, ImportPreview } from "~/api/types";
import { changesList, groupsOf, importWords, placeOf, summaryOf, textOf } from "./import-file";

const bytes = (...values: number[]) => new Uint8Array(values);
const line = (first: number, fate: ImportLine["fate"]): ImportLine => ({
  first,
  last: first,
  text: "x",
  fate,
  replaces: [],
});
const preview = (lines: ImportLine[], removed: string[] = []): ImportPreview => ({
  lines,
  comments: 0,
  requirements: [],
  removed,
  warnings: [],
});

describe("a chosen file", () => {
  it("is read as what it is written in", () => {
    expect(textOf("r.txt", new TextEncoder().encode("six\n"))).toEqual({ text: "six\n" });
    expect(textOf("r.txt", bytes(0xef, 0xbb, 0xbf, 0x61))).toEqual({ text: "a" });
    // What `pip freeze > requirements.txt` leaves in PowerShell.
    expect(textOf("r.txt", bytes(0xff, 0xfe, 0x61, 0, 0x0a, 0))).toEqual({ text: "a\n" });
    expect(textOf("r.txt", bytes(0xfe, 0xff, 0, 0x61))).toEqual({ text: "a" });
  });
  it("is refused if it is no text or too large", () => {
    for (const wrong of [bytes(0x50, 0x4b, 3, 4, 0), bytes(0xff, 0xd8, 0xff), bytes(0xff, 0xfe, 0x61)])
      expect(textOf("r.png", wrong)).toEqual({ refused: "r.png is not a text. Choose a requirements.txt." });
    expect(textOf("r.txt", new Uint8Array(1024 * 1024 + 1))).toHaveProperty("refused");
    expect(textOf("r.txt", new Uint8Array(1024 * 1024).fill(0x61))).toHaveProperty("text");
  });
});

describe("lines of a file", () => {
  it("come with those to think of first, each once", () => {
    const lines = [line(0, "added"), line(1, "not_taken"), line(2, "merged"), line(3, "replaces"), line(4, "ignored")];
    const groups = groupsOf(lines);
    expect(groups.map(({ title, lines }) => [title, lines.map(({ first }) => first)])).toEqual([
      ["Not taken", [1]],
      ["Replaced in the list", [3]],
      ["New", [0]],
      ["Nothing to do", [2, 4]],
    ]);
    expect(summaryOf(lines)).toBe("1 not taken, 1 replaced in the list, 1 new, 2 nothing to do");
    expect(groups.map(({ attention }) => attention)).toEqual([true, false, false, false]);
  });
  it("are imported only if that changes something", () => {
    expect(changesList(preview([line(0, "already_there"), line(1, "not_taken")]))).toBe(false);
    expect(changesList(preview([line(0, "added")]))).toBe(true);
    expect(changesList(preview([], ["rich"]))).toBe(true);
    expect(importWords(undefined)).toBe("Import");
    expect(importWords(preview([line(0, "added"), line(1, "replaces"), line(2, "merged")]))).toBe("Import 2 lines");
  });
  it("are numbered as people count", () => {
    expect(placeOf({ first: 0, last: 0 })).toBe("Line 1");
    expect(placeOf({ first: 2, last: 4 })).toBe("Lines 3–5");
  });
});
