import { expect, it } from "vitest";
import { busiest } from "./result";

it("finds the busiest hour", () => {
  expect(busiest([0, 0], "2026-11-25T00:00:00Z")).toBeNull();
  expect(busiest([1, 6, 6], "2026-11-25T00:00:00Z")).toEqual({ at: "2026-11-25T01:00:00.000Z", count: 6 });
});
