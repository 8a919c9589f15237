import { describe, expect, it } from "vitest";
import {
  boundNamed,
  boundText,
  draftOf,
  isSameRetention,
  NO_RETENTION,
  resolved,
  retentionOf,
  whole,
} from "./retention";

const GIB = 1024 ** 3;
const set = { max_age_days: 30, max_runs: 0, max_bytes: null };

describe("retention", () => {
  it("is edited and comes back as it was", () => {
    const draft = draftOf(set);
    expect(draft).toMatchObject({
      max_age_days: { mode: "most" },
      max_runs: { mode: "none" },
      max_bytes: { mode: "standard" },
    });
    expect(retentionOf(draft, set)).toEqual({ retention: set });
    const odd = { ...NO_RETENTION, max_bytes: 12_345_678_901 };
    expect(retentionOf(draftOf(odd), odd)).toEqual({ retention: odd });
  });
  it("takes units, and tells what it does not understand", () => {
    const draft = {
      ...draftOf(set),
      max_age_days: { mode: "most" as const, text: "2 weeks" },
      max_bytes: { mode: "most" as const, text: "1.5 GiB" },
    };
    expect(retentionOf(draft, set)).toEqual({ retention: { max_age_days: 14, max_runs: 0, max_bytes: 1.5 * GIB } });
    const wrong = {
      ...draft,
      max_runs: { mode: "most" as const, text: "few" },
      max_age_days: { mode: "most" as const, text: "0" },
    };
    expect(retentionOf(wrong, set)).toEqual({ wrong: ["max_age_days", "max_runs"] });
  });
  it("holds as the level above where it says nothing", () => {
    const above = { max_age_days: 90, max_runs: 1000, max_bytes: null };
    expect(resolved(set, above)).toEqual({ max_age_days: 30, max_runs: 0, max_bytes: 0 });
    expect(resolved(NO_RETENTION, above)).toEqual({ max_age_days: 90, max_runs: 1000, max_bytes: 0 });
  });
  it("is whole, whatever was left out", () => {
    expect([whole(undefined), whole({ max_runs: 0 })]).toEqual([NO_RETENTION, { ...NO_RETENTION, max_runs: 0 }]);
  });
  it("has words", () => {
    expect([boundText("max_age_days", 1), boundText("max_runs", 1000), boundText("max_bytes", 0)]).toEqual([
      "1 day",
      "1,000 runs",
      "no bound",
    ]);
    expect([boundNamed("retention.max_runs"), boundNamed("max_bytes"), boundNamed("limits.cpus")]).toEqual([
      "max_runs",
      "max_bytes",
      null,
    ]);
    expect(isSameRetention(set, { ...set })).toBe(true);
  });
});
