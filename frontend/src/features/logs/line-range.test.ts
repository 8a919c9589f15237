import { expect, it } from "vitest";
import { parseRange, pick, rangeParam, rangeWords } from "./line-range";

it("reads what an address may hold, and nothing else", () => {
  expect(parseRange(120)).toEqual({ from: 120, to: 120 });
  expect(parseRange("120-140")).toEqual({ from: 120, to: 140 });
  expect(parseRange("140-120")).toEqual({ from: 120, to: 140 });
  for (const bad of [
    undefined,
    null,
    0,
    -3,
    1.5,
    "",
    "x",
    "1-",
    "-5",
    "1-2-3",
    "0-4",
    {},
    [7, 8],
    true,
    "9".repeat(20),
  ])
    expect(parseRange(bad)).toBeNull();
});

it("writes it back", () => {
  for (const range of [
    { from: 7, to: 7 },
    { from: 7, to: 9 },
  ])
    expect(parseRange(rangeParam(range))).toEqual(range);
  expect(rangeParam({ from: 7, to: 7 })).toBe(7);
  expect(rangeWords({ from: 1000, to: 2000 })).toBe("Lines 1,000–2,000");
});

it("picks a line, extends from where it began, and lets go of the same line", () => {
  const one = pick(null, 0, 5, false);
  expect(one).toEqual({ from: 5, to: 5 });
  const more = pick(one, 5, 9, true);
  expect(more).toEqual({ from: 5, to: 9 });
  expect(pick(more, 5, 2, true)).toEqual({ from: 2, to: 5 });
  expect(pick(more, 5, 7, false)).toEqual({ from: 7, to: 7 });
  expect(pick(one, 5, 5, false)).toBeNull();
  expect(pick(null, 0, 5, true)).toEqual({ from: 5, to: 5 });
});
