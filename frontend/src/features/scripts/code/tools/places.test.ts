import { expect, it } from "vitest";
import { filesIn, placeOf, without } from "./places";

const [main, attr] = ["file:///script/main.py", "file:///env/lib/attr/__init__.py"];
const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };

it("finds the files that an answer leads to", () => {
  const result = [
    { uri: main, range },
    { targetUri: attr, targetRange: range },
    { uri: main, range },
  ];
  expect([...filesIn(result)]).toEqual([main, attr]);
  expect([...filesIn({ contents: "uri", href: "file:///x" }), ...filesIn(null), ...filesIn("file:///x")]).toEqual([]);
});

it("leaves out what is not there", () => {
  const there = new Set([main]);
  expect(
    without(
      [
        { uri: main, range },
        { uri: attr, range },
      ],
      there,
    ),
  ).toEqual([{ uri: main, range }]);
  expect(without({ uri: attr, range }, there)).toBeNull();
  expect(without({ contents: "text" }, there)).toEqual({ contents: "text" });
});

it("tells the script's files from others' sources", () => {
  expect(placeOf("/script/sub/a b.py")).toEqual({ kind: "file", path: "sub/a b.py" });
  expect(placeOf("/env/lib/a.py")).toEqual({ kind: "source", path: "/env/lib/a.py" });
});
