import { expect, it } from "vitest";
import { listed, type Problem, type Problems, reported, worst } from "./problems";

const problem = (path: string, line: number, severity: Problem["severity"] = "warning"): Problem => ({
  path,
  line,
  column: 1,
  severity,
  message: `${path}:${line}`,
});

it("lists what all sources say, in the order of the files", () => {
  let known: Problems = new Map();
  known = reported(known, "lint", "b.py", [problem("b.py", 9), problem("b.py", 2)]);
  known = reported(known, "types", "b.py", [problem("b.py", 2, "error")]);
  known = reported(known, "last run", "a.py", [problem("a.py", 1, "error")]);
  const found = listed(known);
  expect(found.map((each) => `${each.source} ${each.message}`)).toEqual([
    "last run a.py:1",
    "types b.py:2",
    "lint b.py:2",
    "lint b.py:9",
  ]);
  expect(worst(found)).toBe("error");
});

it("forgets what a source takes back, and only that", () => {
  let known: Problems = reported(new Map(), "lint", "a.py", [problem("a.py", 1)]);
  known = reported(known, "types", "a.py", [problem("a.py", 2)]);
  known = reported(known, "lint", "a.py", []);
  expect(listed(known).map((each) => each.source)).toEqual(["types"]);
  expect(reported(known, "lint", "a.py", [])).toBe(known);
  expect(worst([])).toBeNull();
});
