import { expect, it } from "vitest";
import { afterClosing, movedTab, renamedTabs, tabNames, withoutTabs, withTab } from "./tabs";

it("opens beside the active tab, once", () => {
  expect(withTab(["a", "b"], "c", "a")).toEqual(["a", "c", "b"]);
  expect(withTab(["a", "b"], "b", "a")).toEqual(["a", "b"]);
  expect(withTab([], "a", null)).toEqual(["a"]);
});

it("shows a neighbour of a closed tab", () => {
  expect(afterClosing(["a", "b", "c"], "b", "b")).toBe("c");
  expect(afterClosing(["a", "b"], "b", "b")).toBe("a");
  expect(afterClosing(["a"], "a", "a")).toBeNull();
  expect(afterClosing(["a", "b"], "a", "b")).toBe("b");
});

it("follows drags, renames and deletions", () => {
  expect(movedTab(["a", "b", "c"], "c", 0)).toEqual(["c", "a", "b"]);
  expect(movedTab(["a", "b", "c"], "a", 2)).toEqual(["b", "c", "a"]);
  expect(renamedTabs(["d/a.py", "b.py"], "d", "e")).toEqual(["e/a.py", "b.py"]);
  expect(withoutTabs(["d/a.py", "d.py"], "d")).toEqual(["d.py"]);
});

it("tells equal names apart by their folder", () => {
  const names = tabNames(["main.py", "lib/util.py", "test/util.py", "util.py"]);
  expect(names.get("main.py")).toEqual({ name: "main.py", folder: null });
  expect(names.get("lib/util.py")).toEqual({ name: "util.py", folder: "lib" });
  expect(names.get("util.py")).toEqual({ name: "util.py", folder: "." });
});
