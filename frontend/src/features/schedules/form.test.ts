import { describe, expect, it } from "vitest";
import type { Schedule } from "./contract";
import { charsOf, draftOf, fieldOf, newDraft, PICKS, patchOf, read, timeOf, withTime } from "./form";

const now = new Date("2026-11-24T10:20:00Z");
const draft = newDraft("Europe/Berlin", now);
const schedule: Schedule = {
  id: "s",
  script_id: "x",
  script_name: "report",
  version: 3,
  name: "Nightly",
  enabled: true,
  when: { kind: "cron", expression: "30 2 * * 1-5", zone: "Europe/Berlin" },
  description: "",
  args: ["--day", "yesterday"],
  env: { B: "1=2", A: "" },
  overlap: "skip",
  missed: "all",
  start_deadline_seconds: 5400,
  jitter_seconds: 20,
  retry: { attempts: 3, delay_seconds: 30, backoff: "fixed", longest_delay_seconds: 3600, after_lost: "rerun" },
  script_paused: false,
  done: false,
  next: [],
  last: null,
  remark: null,
  created_at: "",
  updated_at: "",
};

describe("the form of a schedule", () => {
  it("opens with what the schedule says and changes nothing by itself", () => {
    const opened = draftOf(schedule, "UTC", now);
    const { terms, errors } = read(opened);
    expect(errors).toBeNull();
    expect(terms).toMatchObject({ args: schedule.args, env: schedule.env, retry: schedule.retry });
    expect(terms && patchOf(opened, terms)).toEqual({});
  });
  it("sends only what was changed", () => {
    const opened = draftOf(schedule, "UTC", now);
    const { terms } = read({ ...opened, zone: "UTC", jitter: "1 min" });
    expect(terms && patchOf(opened, terms)).toEqual({
      when: { kind: "cron", expression: "30 2 * * 1-5", zone: "UTC" },
      jitter_seconds: 60,
    });
  });
  it("keeps a one-off at its instant, whatever zone it is shown in", () => {
    const once: Schedule = { ...schedule, when: { kind: "once", at: "2026-12-01T08:30:00.000Z" } };
    const shown = draftOf(once, "Asia/Kathmandu", now);
    expect(shown.local).toBe("2026-12-01T14:15");
    expect(read(shown).terms?.when).toEqual(once.when);
  });
  it("leaves alone what its text cannot hold and nobody touched", () => {
    const odd: Schedule = {
      ...schedule,
      when: { kind: "once", at: "2026-12-01T08:30:45Z" },
      args: ["", "two\nlines"],
      start_deadline_seconds: 90_061,
    };
    const opened = draftOf(odd, "UTC", now);
    const { terms } = read({ ...opened, name: "Renamed" });
    expect(terms && patchOf(opened, terms)).toEqual({ name: "Renamed" });
    expect(terms?.start_deadline_seconds).toBe(90_061);
  });
  it.each([
    [{ expression: " " }, { expression: "When it fires, such as 0 3 * * *." }],
    [{ kind: "once" as const, local: "" }, { local: "A day and a time." }],
    [{ env: "A=1\nB" }, { env: "Line 2 is not NAME=value." }],
    [{ jitter: "soon" }, { jitter: "A time such as 30 s, 5 min or 1 h." }],
    [{ attempts: "0" }, { attempts: "A whole number above zero." }],
  ])("names what is wrong with %j", (typed, errors) => {
    expect(read({ ...draft, ...typed })).toEqual({ terms: null, errors });
  });
  it("begins with a whole hour to come", () => {
    expect(draft.local).toBe("2026-11-24T13:00");
  });
  it("knows where a refusal belongs", () => {
    expect(fieldOf("timezone", draft)).toBe("zone");
    expect(fieldOf("when", { ...draft, kind: "once" })).toBe("local");
    expect(fieldOf("moon", draft)).toBeNull();
  });
});

describe("an expression", () => {
  it.each([
    ["30 2 * * 1-5", { hour: 2, minute: 30 }],
    ["*/5 * * * *", null],
    ["0 9,17 * * *", null],
    ["61 2 * * *", null],
    ["@daily", null],
  ])("has a time of day: %s", (expression, time) => {
    expect(timeOf(expression)).toEqual(time);
  });
  it("keeps its days when the time changes", () => {
    expect(withTime("30 2 * * 1-5", "07:05")).toBe("5 7 * * 1-5");
  });
  it("keeps its time when a pick changes the days", () => {
    expect(PICKS.map((pick) => pick.expression({ hour: 2, minute: 30 }))).toEqual([
      "*/5 * * * *",
      "30 * * * *",
      "30 2 * * *",
      "30 2 * * 1-5",
      "30 2 * * 1",
      "30 2 1 * *",
    ]);
  });
  it("is underlined at characters, not bytes", () => {
    expect(charsOf("é 2 * * 9", 9, 10)).toEqual({ begin: 8, end: 9 });
    expect(charsOf("0 2", 40, 41)).toEqual({ begin: 3, end: 3 });
  });
});
