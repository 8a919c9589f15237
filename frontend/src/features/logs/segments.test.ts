import { describe, expect, it } from "vitest";
import { plainText } from "./ansi";
import type { SearchMatch } from "./contract";
import { excerptOf, marksOf, segmentsOf } from "./segments";

const words = (q: string, more = {}) => ({ q, regex: false, matchCase: false, ...more });
const none = () => [];
const marked = (text: string, q: string, more = {}) =>
  segmentsOf(text, marksOf(words(q, more), undefined))
    .filter((segment) => segment.marked)
    .map((segment) => segment.text);
const match = (text: string, ranges: [number, number][]): SearchMatch => ({
  line: 1,
  position: 1,
  at: "",
  stream: "stdout",
  text,
  ranges,
});

describe("segments", () => {
  it("are the text, whatever is marked", () => {
    for (const text of ["", "plain", "a \u001b[31mred\u001b[0m word", '<b>&amp;</b> File "/script/a.py", line 3 red'])
      expect(
        segmentsOf(text, marksOf(words("e"), undefined))
          .map((segment) => segment.text)
          .join(""),
      ).toBe(plainText(text));
  });

  it("mark across colours, and each part keeps its own", () => {
    const parts = segmentsOf("an er\u001b[31mror\u001b[0m here", marksOf(words("ERROR"), undefined));
    expect(parts.map((part) => [part.text, part.marked, part.style?.color])).toEqual([
      ["an ", false, undefined],
      ["er", true, undefined],
      ["ror", true, "var(--ansi-red)"],
      [" here", false, undefined],
    ]);
  });

  it("take words literally, with case where it counts", () => {
    expect(marked("a.c abc A.C", "a.c")).toEqual(["a.c", "A.C"]);
    expect(marked("a.c abc A.C", "a.c", { matchCase: true })).toEqual(["a.c"]);
    expect(marked("(x)[y]", "(x)[")).toEqual(["(x)["]);
    expect(marked("İstanbul xyz", "xyz")).toEqual(["xyz"]);
  });

  it("never run an expression here, but mark what the server told of it", () => {
    const hostile = marksOf(words("(a+)+$", { regex: true }), undefined);
    expect(hostile(`${"a".repeat(60)}!`)).toEqual([]);
    const told = marksOf(words("o+", { regex: true }), match("fo\u001b[1mo\u001b[0m bar", [[1, 7]]));
    expect(told("see foo bar")).toEqual([[5, 7]]);
    expect(told("another line")).toEqual([]);
  });
});

describe("a frame of a traceback", () => {
  it("leads to the script's own file", () => {
    const own = segmentsOf('  File "/script/lib/report.py", line 41, in total', none).filter((part) => part.place);
    expect(own).toMatchObject([
      { text: 'File "/script/lib/report.py", line 41', place: { path: "lib/report.py", line: 41 } },
    ]);
  });

  it("of a library leads nowhere", () => {
    const library = segmentsOf('  File "/usr/lib/python3.13/csv.py", line 41, in total', none);
    expect(library.every((part) => part.place === null)).toBe(true);
  });

  it("is a link and marked at once", () => {
    const parts = segmentsOf('  File "/script/main.py", line 3', marksOf(words("main"), undefined));
    expect(parts.map((part) => [part.text, part.marked, part.place !== null])).toEqual([
      ["  ", false, false],
      ['File "/script/', false, true],
      ["main", true, true],
      ['.py", line 3', false, true],
    ]);
  });
});

it("excerpts are cut at their ranges, without escape sequences", () => {
  expect(excerptOf(match("a \u001b[31mred\u001b[0m rose", [[7, 10]]))).toEqual([
    { text: "a ", marked: false },
    { text: "red", marked: true },
    { text: " rose", marked: false },
  ]);
});
