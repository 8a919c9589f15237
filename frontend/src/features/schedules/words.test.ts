import { describe, expect, it } from "vitest";
import type { Retry } from "./contract";
import { policySentences, retryDelays, slotWords, statusOf, titleOf } from "./words";

const retry: Retry = {
  attempts: 1,
  delay_seconds: 60,
  backoff: "doubling",
  longest_delay_seconds: 3600,
  after_lost: "fail",
};
const policies = {
  overlap: null,
  missed: "latest",
  start_deadline_seconds: 3600,
  jitter_seconds: 0,
  retry,
} as const;

describe("a schedule's state", () => {
  const on = { enabled: true, done: false, script_paused: false };
  it.each([
    [on, false, "on"],
    [on, true, "all_paused"],
    [{ ...on, script_paused: true }, true, "script_paused"],
    [{ ...on, enabled: false }, true, "off"],
    [{ ...on, enabled: false, done: true }, true, "done"],
  ])("%j, all paused: %s, is %s", (schedule, paused, status) => {
    expect(statusOf(schedule, paused).status).toBe(status);
  });
});

describe("the waits between attempts", () => {
  it.each([
    [{ ...retry, attempts: 1 }, []],
    [{ ...retry, attempts: 4 }, [60, 120, 240]],
    [{ ...retry, attempts: 4, backoff: "fixed" as const }, [60, 60, 60]],
    [{ ...retry, attempts: 4, longest_delay_seconds: 100 }, [60, 100, 100]],
  ])("%j", (given, delays) => {
    expect(retryDelays(given)).toEqual(delays);
  });
});

describe("policies in sentences", () => {
  it("say what holds where nothing was chosen", () => {
    expect(policySentences(policies)).toEqual([
      "Of fires that were missed, the latest runs, if it is at most 1 h late.",
      "A run that fails is not tried again.",
    ]);
  });
  it("say every choice", () => {
    const chosen = {
      overlap: "skip",
      missed: "none",
      start_deadline_seconds: 0,
      jitter_seconds: 20,
      retry: { ...retry, attempts: 3, after_lost: "rerun" },
    } as const;
    expect(policySentences(chosen)).toEqual([
      "A fire during an unfinished run is skipped.",
      "Fires that were missed are skipped.",
      "It starts up to 20 s later, always by the same time.",
      "A run that fails is tried again 2 times, after 1 min, 2 min.",
      "A run that was lost is run again at once.",
    ]);
  });
  it("say a wait that stays the same once", () => {
    const fixed = { ...policies, retry: { ...retry, attempts: 6, backoff: "fixed" as const } };
    expect(policySentences(fixed).at(-1)).toBe("A run that fails is tried again 5 times, after 1 min each time.");
  });
});

describe("what it is called", () => {
  const when = { kind: "cron", expression: "0 3 * * *", zone: "UTC" } as const;
  it("is its name, or else its time", () => {
    expect(titleOf({ name: "Nightly", description: "At 03:00", when })).toBe("Nightly");
    expect(titleOf({ name: "", description: "At 03:00", when })).toBe("At 03:00");
  });
  it("names the slot of a run, and which attempt it is", () => {
    expect(slotWords("Wed 25 Nov, 02:30", "Europe/Berlin", 1)).toBe("Scheduled for Wed 25 Nov, 02:30 (Europe/Berlin)");
    expect(slotWords("Wed 25 Nov, 02:30", "UTC", 2)).toBe("Scheduled for Wed 25 Nov, 02:30 (UTC), attempt 2");
  });
});
