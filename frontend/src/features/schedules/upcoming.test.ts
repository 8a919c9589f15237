import { describe, expect, it } from "vitest";
import type { Schedule } from "./contract";
import { nearest, upcoming } from "./upcoming";

const schedule = (id: string, ...at: string[]) =>
  ({ id, next: at.map((each) => ({ at: each, mark: "usual" })) }) as Schedule;
const now = new Date("2026-11-25T12:00:00Z");

describe("what fires next", () => {
  const often = schedule("often", "2026-11-25T12:05:00Z", "2026-11-25T12:10:00Z");
  const nightly = schedule("nightly", "2026-11-26T01:30:00Z");
  const monthly = schedule("monthly", "2026-12-01T00:00:00Z");
  const past = schedule("past", "2026-11-25T11:59:00Z", "2026-11-25T12:59:00Z");
  it("is one fire of each schedule, the nearest first, none beyond the time", () => {
    expect(
      upcoming([monthly, nightly, past, often], now, 24).map(({ schedule: { id }, fire }) => [id, fire.at]),
    ).toEqual([
      ["often", "2026-11-25T12:05:00Z"],
      ["past", "2026-11-25T12:59:00Z"],
      ["nightly", "2026-11-26T01:30:00Z"],
    ]);
  });
  it("is nothing where nothing fires", () => {
    expect(nearest([schedule("off")], now)).toBeUndefined();
    expect(nearest([monthly], now)?.schedule.id).toBe("monthly");
  });
});
