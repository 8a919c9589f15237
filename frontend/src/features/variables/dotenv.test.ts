import { expect, it } from "vitest";
import { parseDotEnv } from "./dotenv";

const read = (text: string) => {
  const { entries, problems } = parseDotEnv(text);
  return [Object.fromEntries(entries.map(({ name, value }) => [name, value])), problems];
};

it.each([
  ["", {}],
  ["\n# comment\n\n", {}],
  ["A=1\r\nB = two words  # comment\nexport C=3", { A: "1", B: "two words", C: "3" }],
  ["EMPTY=\nHASH=a#b\nURL=https://x/?a=b#c", { EMPTY: "", HASH: "a#b", URL: "https://x/?a=b#c" }],
  [`Q="a \\"b\\" \\n c"\nS='a "b" \\n' # c`, { Q: 'a "b" \n c', S: 'a "b" \\n' }],
  [`KEY="-----BEGIN\nMII=\n-----END"\nNEXT=1`, { KEY: "-----BEGIN\nMII=\n-----END", NEXT: "1" }],
  ["A=1\nA=2", { A: "2" }],
  ["\uFEFFA=1", { A: "1" }],
])("%j", (text, expected) => {
  expect(read(text)).toEqual([expected, []]);
});

it("tells what it did not take, by line, and quotes no value", () => {
  const [entries, problems] = read(`A=1\nhunter2\n1X=hunter2\nB=\${HOME}/x\nC="x" hunter2\nD="open\nhunter2`);
  expect(entries).toEqual({ A: "1", B: "$" + "{HOME}/x", C: "x" });
  expect(problems).toEqual([
    "Line 2 is no NAME=value.",
    "Line 3 is no NAME=value.",
    "Line 4: B has a $, which is not filled in.",
    "Line 5: what stands behind the value of C was left out.",
    "Line 6: the quotation mark of D is not closed.",
  ]);
});
