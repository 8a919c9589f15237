import { expect, it } from "vitest";
import { everyDay } from "./outcomes-by-day";

it("shows the days without runs as well", () => {
  const told = [{ day: "2026-03-01", succeeded: 2, failed: 1, other: 0 }];
  const days = everyDay(told, new Date("2026-03-03T08:00:00Z"));
  expect(days).toHaveLength(30);
  expect(days.at(-1)).toEqual({ day: "2026-03-03", succeeded: 0, failed: 0, other: 0 });
  expect(days.at(-3)).toEqual(told[0]);
});
