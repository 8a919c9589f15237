import { describe, expect, it } from "vitest";
import type { Package } from "~/api/types";
import { diffRows, diffWords, inTwo, isNewer, namesIn, neededBy, updatable } from "./packages";

const some = (name: string, more: Partial<Package> = {}): Package => ({
  name,
  default: false,
  direct: false,
  required_by: [],
  ...more,
});

describe("packages", () => {
  it("come as those asked for and those brought along", () => {
    const { direct, brought } = inTwo([
      some("idna"),
      some("requests", { direct: true }),
      some("httpx", { asked: "httpx" }),
    ]);
    expect(direct.map((each) => each.name)).toEqual(["httpx", "requests"]);
    expect(brought.map((each) => each.name)).toEqual(["idna"]);
  });
  it("say in words who needs them", () => {
    expect(neededBy([])).toBe("");
    expect(neededBy(["a"])).toBe("a");
    expect(neededBy(["a", "b", "c"])).toBe("a, b and c");
    expect(neededBy(["a", "b", "c", "d"])).toBe("a, b and 2 more");
  });
  it("are newer only if they are", () => {
    expect(isNewer("2.10.0", "2.9.1")).toBe(true);
    expect(isNewer("2.9", "2.9.0")).toBe(false);
    expect(isNewer("2.32.0", "2.33.1")).toBe(false);
    expect(isNewer("3.0", "3.0rc1")).toBe(true);
    expect(isNewer("3.0rc1", "3.0")).toBe(false);
    expect(isNewer("3.0.post1", "3.0")).toBe(true);
    expect(isNewer(null, "1")).toBe(false);
    expect(updatable(some("a", { locked: "1", newest: "2" }))).toBe(true);
    expect(updatable(some("a", { newest: "2" }))).toBe(false);
  });
});

describe("names of packages", () => {
  it("are read from what people paste", () => {
    expect(namesIn(" docopt, pyyaml\ndocopt ")).toEqual(["docopt", "pyyaml"]);
  });
});

describe("a difference between locks", () => {
  const changes = {
    added: [{ name: "a", version: "1" }],
    removed: [],
    changed: [{ name: "b", from: "1", to: "2" }],
  };
  it("is rows and words", () => {
    expect(diffRows(changes)).toEqual([
      { name: "b", kind: "changed", from: "1", to: "2" },
      { name: "a", kind: "added", from: null, to: "1" },
    ]);
    expect(diffWords(changes)).toBe("1 changed, 1 added");
    expect(diffWords({ added: [], removed: [], changed: [] })).toBeNull();
  });
});
