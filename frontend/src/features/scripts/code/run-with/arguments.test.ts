import { describe, expect, it } from "vitest";
import { joinWords, splitLine } from "./arguments";

describe("splitLine", () => {
  it.each([
    ["", []],
    ["  --day   yesterday ", ["--day", "yesterday"]],
    [`--name 'two words' --other="a b"`, ["--name", "two words", "--other=a b"]],
    [`'' ""`, ["", ""]],
    [`a\\ b 'it'\\''s'`, ["a b", "it's"]],
    [`"\\"quoted\\" \\n"`, [`"quoted" \\n`]],
    ["$HOME *.py # no", ["$HOME", "*.py", "#", "no"]],
    ["a\nb", ["a", "b"]],
  ])("%s", (line, words) => {
    expect(splitLine(line)).toEqual({ words });
  });
  it("says what is open", () => {
    expect(splitLine(`--name 'open`)).toMatchObject({ problem: expect.stringContaining("'") });
    expect(splitLine("end\\")).toHaveProperty("problem");
  });
});

it("joins so that it splits into the same", () => {
  for (const words of [["--day", "today"], ["", "it's", 'a "b"', "$x", "two\nlines", "\\"], []])
    expect(splitLine(joinWords(words))).toEqual({ words });
});
