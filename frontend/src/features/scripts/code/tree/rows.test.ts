import { describe, expect, it } from "vitest";
import type { FolderEntry } from "../contract";
import { foldersAbove, movedPath, moveRefusal, nameRefusal } from "./paths";
import { filesBelow, fitting, rowsOf, treeMove, treeOf, typedAhead } from "./rows";

const file = (path: string, kind: FolderEntry["kind"] = "file"): FolderEntry => ({
  path,
  kind,
  size: 1,
  tracked: true,
  modified_at: "2026-03-01T00:00:00Z",
  text: true,
});
const ENTRIES = [
  file("main.py"),
  file("b10.txt"),
  file("b9.txt"),
  file("data", "directory"),
  file("data/raw/orders.csv"),
  file("empty", "directory"),
];
const paths = (rows: { node: { path: string } }[]) => rows.map((row) => row.node.path);

describe("the tree", () => {
  it("puts folders first, then names, numbers as numbers, and makes up folders that are not listed", () => {
    const rows = rowsOf(treeOf(ENTRIES), new Set(["data", "data/raw"]));
    expect(paths(rows)).toEqual(["data", "data/raw", "data/raw/orders.csv", "empty", "b9.txt", "b10.txt", "main.py"]);
    expect(rows[2]).toMatchObject({ level: 3, place: 1, siblings: 1 });
    expect(rows[6]).toMatchObject({ level: 1, place: 5, siblings: 5, open: false });
    expect(rows[1]?.node.entry).toBeNull();
  });
  it("takes children before their folder", () => {
    expect(paths(rowsOf(treeOf([file("a/x.py"), file("a", "directory")]), new Set(["a"])))).toEqual(["a", "a/x.py"]);
  });
  it("is quick with many", () => {
    const many = Array.from({ length: 20_000 }, (_, i) => file(`d${i % 100}/f${i}.txt`));
    const begun = performance.now();
    expect(rowsOf(treeOf(many), new Set(["d0"]))).toHaveLength(300);
    expect(performance.now() - begun).toBeLessThan(1500);
  });
  it("finds by words in the path", () => {
    expect(paths(fitting(ENTRIES, "raw ord"))).toEqual(["data", "data/raw", "data/raw/orders.csv"]);
    expect(fitting(ENTRIES, "nothing")).toEqual([]);
  });
  it("knows what is below", () => {
    expect(filesBelow(ENTRIES, "data").map((each) => each.path)).toEqual(["data/raw/orders.csv"]);
    expect(filesBelow(ENTRIES, "main.py")).toHaveLength(1);
  });
});

describe("keys in the tree", () => {
  const closed = rowsOf(treeOf(ENTRIES), new Set());
  const open = rowsOf(treeOf(ENTRIES), new Set(["data"]));
  it("opens, enters, leaves and closes folders", () => {
    expect(treeMove(closed, 0, "ArrowRight")).toEqual({ open: "data" });
    expect(treeMove(open, 0, "ArrowRight")).toEqual({ go: 1 });
    expect(treeMove(open, 1, "ArrowLeft")).toEqual({ go: 0 });
    expect(treeMove(open, 0, "ArrowLeft")).toEqual({ close: "data" });
    expect(treeMove(closed, 4, "ArrowRight")).toBeNull();
  });
  it("stays inside the list", () => {
    expect(treeMove(closed, 0, "ArrowUp")).toEqual({ go: 0 });
    expect(treeMove(closed, 4, "ArrowDown")).toEqual({ go: 4 });
    expect(treeMove(closed, 1, "End")).toEqual({ go: 4 });
    expect(treeMove([], 0, "ArrowDown")).toBeNull();
  });
  it("jumps to a name", () => {
    expect(typedAhead(closed, 0, "b")).toBe(2);
    expect(typedAhead(closed, 2, "b")).toBe(3);
    expect(typedAhead(closed, 3, "b10")).toBe(3);
    expect(typedAhead(closed, 0, "zz")).toBeNull();
  });
});

describe("paths", () => {
  it("follow a rename of the file or of a folder above it", () => {
    expect(movedPath("a/b.py", "a", "c/d")).toBe("c/d/b.py");
    expect(movedPath("a/b.py", "a/b.py", "x.py")).toBe("x.py");
    expect(movedPath("ab/c.py", "a", "z")).toBeNull();
    expect(foldersAbove("a/b/c.py")).toEqual(["a", "a/b"]);
  });
  it("are not moved where they cannot go", () => {
    const present = new Set(["main.py", "data/main.py"]);
    expect(moveRefusal("main.py", "data", present)).toBe("There is a data/main.py already.");
    expect(moveRefusal("data", "data/raw", present)).toMatch(/into itself/);
    expect(moveRefusal("main.py", "", present)).toMatch(/there already/);
    expect(moveRefusal("main.py", "other", present)).toBeNull();
    expect(nameRefusal("../x")).not.toBeNull();
    expect(nameRefusal("a/b.py")).toBeNull();
  });
});
