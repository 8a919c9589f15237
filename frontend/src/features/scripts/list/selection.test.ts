import { expect, it } from "vitest";
import { allOrNone, chosenOf, ranged, toggled } from "./selection";

const SHOWN = ["a", "b", "c", "d", "e"];
const list = (chosen: ReadonlySet<string>) => [...chosen].sort().join("");

it("turns one on and off", () => {
  expect(list(toggled(new Set(["a"]), "b"))).toBe("ab");
  expect(list(toggled(new Set(["a", "b"]), "b"))).toBe("a");
});
it("takes a range in either direction, on or off as its end becomes", () => {
  expect(list(ranged(new Set(["b"]), SHOWN, "b", "d"))).toBe("bcd");
  expect(list(ranged(new Set(["d"]), SHOWN, "d", "b"))).toBe("bcd");
  expect(list(ranged(new Set(SHOWN), SHOWN, "b", "d"))).toBe("ae");
});
it("changes one alone where the range has no beginning", () => {
  expect(list(ranged(new Set(), SHOWN, null, "c"))).toBe("c");
  expect(list(ranged(new Set(["x"]), SHOWN, "x", "c"))).toBe("cx");
});
it("acts on nothing that is hidden, and keeps it chosen", () => {
  const chosen = new Set(["x", "b"]);
  expect(chosenOf(chosen, SHOWN)).toEqual(["b"]);
  expect(list(allOrNone(chosen, SHOWN))).toBe("abcdex");
  expect(list(allOrNone(new Set([...SHOWN, "x"]), SHOWN))).toBe("x");
});
