import { describe, expect, it } from "vitest";
import type { ListedScript } from "../contract";
import { fitting, lastOutcome, ordered, withWords } from "./narrow";

const script = (name: string, more: Partial<ListedScript> | Record<string, unknown> = {}) =>
  ({
    id: name,
    name,
    description: "",
    tags: [],
    paused: false,
    schedules: 0,
    next_fire: null,
    last_run: null,
    environment: { state: "not_needed" },
    ...more,
  }) as unknown as ListedScript;
const ran = (kind: string, queued_at = "2026-01-01T00:00:00Z") => ({
  last_run: { state: "finished", outcome: { kind }, queued_at },
});
const names = (scripts: readonly ListedScript[]) => scripts.map(({ name }) => name);

const report = script("Nightly-report", { description: "Sums orders", tags: ["daily", "web"], ...ran("failed") });
const backup = script("backup", { tags: ["daily"], paused: true, schedules: 2, ...ran("succeeded") });
const idle = script("idle", { environment: { state: "failed" } });
const ALL = [report, backup, idle];

describe("words", () => {
  it("have to occur all, anywhere, in any case", () => {
    expect(names(withWords(ALL, "  NIGHTLY orders "))).toEqual(["Nightly-report"]);
    expect(names(withWords(ALL, "daily"))).toEqual(["Nightly-report", "backup"]);
    expect(withWords(ALL, "nightly backup")).toEqual([]);
    expect(withWords(ALL, " ")).toBe(ALL);
  });
});

describe("filters", () => {
  it("want all tags, and any of the outcomes", () => {
    expect(names(fitting(ALL, { tags: "daily,web" }))).toEqual(["Nightly-report"]);
    expect(names(fitting(ALL, { outcome: "failed,none" }))).toEqual(["Nightly-report", "idle"]);
  });
  it("tell no from not asked", () => {
    expect(names(fitting(ALL, { scheduled: false }))).toEqual(["Nightly-report", "idle"]);
    expect(names(fitting(ALL, { scheduled: true, paused: true }))).toEqual(["backup"]);
    expect(names(fitting(ALL, { environment: "failed,broken" }))).toEqual(["idle"]);
    expect(fitting(ALL, {})).toHaveLength(3);
  });
  it("know what has not ended", () => {
    expect(lastOutcome(script("a", { last_run: { state: "queued" } }))).toBe("active");
    expect(lastOutcome(script("a", { last_run: { state: "finished", outcome: null } }))).toBe("lost");
  });
});

describe("the order", () => {
  const early = script("step 10", {
    ...ran("failed", "2026-01-01T00:00:00Z"),
    next_fire: { at: "2026-03-01T00:00:00Z" },
  });
  const late = script("step 9", {
    ...ran("failed", "2026-02-01T00:00:00Z"),
    next_fire: { at: "2026-04-01T00:00:00Z" },
  });
  const none = script("alone");
  const three = [early, late, none];
  it("is by name as people count", () => {
    expect(names(ordered(three, "name", false))).toEqual(["alone", "step 9", "step 10"]);
    expect(names(ordered(three, "name", true))).toEqual(["step 10", "step 9", "alone"]);
  });
  it("has the latest run and the soonest fire first, and what has none last either way", () => {
    expect(names(ordered(three, "last_run", false))).toEqual(["step 9", "step 10", "alone"]);
    expect(names(ordered(three, "last_run", true))).toEqual(["step 10", "step 9", "alone"]);
    expect(names(ordered(three, "next_run", false))).toEqual(["step 10", "step 9", "alone"]);
    expect(names(ordered(three, "next_run", true))).toEqual(["step 9", "step 10", "alone"]);
  });
});
