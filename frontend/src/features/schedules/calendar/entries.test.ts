import { describe, expect, it } from "vitest";
import type { Calendar, CalendarBand, CalendarRun } from "../contract";
import { bandDay, busiest, entriesOf, hoursOf, runLook, turned } from "./entries";

const run: CalendarRun = {
  kind: "run",
  schedule_id: "s",
  run_id: "r",
  script_id: "x",
  script_name: "report",
  at: "2026-11-25T01:30:00Z",
  started_at: "2026-11-25T01:30:04Z",
  finished_at: "2026-11-25T01:31:00Z",
  state: "finished",
  outcome_kind: "succeeded",
  reason: null,
  trigger: { kind: "schedule", schedule_id: "s", slot: "2026-11-25T01:30:00Z" },
};
const band: CalendarBand = {
  kind: "band",
  schedule_id: "s",
  script_id: "x",
  script_name: "watch",
  name: "",
  from: "2026-11-25T00:00:00Z",
  to: "2026-11-25T23:55:00Z",
  count: 288,
  description: "every 5 minutes",
  past: null,
};
const calendar = (items: Calendar["items"], changes: Calendar["changes"] = []): Calendar => ({
  from: "2026-11-25T00:00:00Z",
  to: "2026-11-26T00:00:00Z",
  items,
  by_hour: [],
  changes,
  truncated: false,
});
const now = new Date("2026-11-25T12:00:00Z");

describe("entries of the calendar", () => {
  it.each([
    [{}, "ok", "2026-11-25T01:31:00Z"],
    [{ outcome_kind: "out_of_memory" as const }, "fail", "2026-11-25T01:31:00Z"],
    [{ state: "running" as const, outcome_kind: null, finished_at: null }, "run", now.toISOString()],
    [{ outcome_kind: "skipped" as const, started_at: null, finished_at: null }, "skip", null],
    [{ outcome_kind: null }, "lost", "2026-11-25T01:31:00Z"],
  ])("are runs as they went: %j is %s", (change, look, end) => {
    const [entry] = entriesOf(calendar([{ ...run, ...change }]), "UTC", now);
    expect(runLook({ ...run, ...change })).toBe(look);
    expect(entry).toMatchObject({ look, end, allDay: false });
  });
  it("are bands of a whole day, which other clocks may call another", () => {
    expect(bandDay(band, "UTC")).toBe("2026-11-25");
    expect(bandDay(band, "Pacific/Kiritimati")).toBe("2026-11-26");
    const [entry] = entriesOf(calendar([band]), "UTC", now);
    expect(entry).toMatchObject({ title: "watch every 5 minutes · 288 ×", allDay: true, start: "2026-11-25" });
  });
  it("begin with the changes of the clocks", () => {
    const change = { zone: "Europe/Berlin", at: "2027-03-28T01:00:00Z", note: "Clocks go forward 1 h" };
    expect(entriesOf(calendar([run], [change]), "UTC", now)[0]).toMatchObject({
      look: "change",
      start: "2027-03-28",
      title: "Clocks go forward 1 h (Europe/Berlin)",
    });
  });
});

describe("the calendar turned", () => {
  it.each([
    ["2026-12-31", "day", 1, "2027-01-01"],
    ["2026-11-25", "week", -1, "2026-11-18"],
    ["2027-01-31", "month", 1, "2027-02-01"],
    ["2027-01-31", "month", -1, "2026-12-01"],
  ] as const)("from %s by a %s, %i, is at %s", (on, span, by, expected) => {
    expect(turned(on, span, by)).toBe(expected);
  });
});

describe("load by hour", () => {
  const bars = hoursOf(
    [
      { at: "2026-11-25T02:00:00Z", past: 3, upcoming: 1 },
      { at: "2026-11-27T02:00:00Z", past: 9, upcoming: 9 },
    ],
    "2026-11-25T00:00:00Z",
    "2026-11-26T00:00:00Z",
  );
  it("has every hour of the range and no other", () => {
    expect(bars).toHaveLength(24);
    expect(bars[2]).toEqual({ at: "2026-11-25T02:00:00.000Z", past: 3, upcoming: 1 });
    expect(bars.reduce((sum, bar) => sum + bar.past, 0)).toBe(3);
  });
  it("names the busiest hour, if there is one", () => {
    expect(busiest(bars)?.at).toBe("2026-11-25T02:00:00.000Z");
    expect(busiest([])).toBeUndefined();
    expect(busiest(bars.slice(3))).toBeUndefined();
  });
});
