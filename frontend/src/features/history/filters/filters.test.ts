import { describe, expect, it } from "vitest";
import { asSaved, filterWords, fromLocal, isSame, isSet, logFilters, parseFilters, toLocal, without } from "./filters";

const parsed = (search: Record<string, unknown>) => asSaved(parseFilters(search));

describe("an address", () => {
  it("is read, and what cannot be meant is left out", () => {
    expect(parsed({ outcome: "failed,nonsense,lost", kind: "lorry", kept: "true", longer_than: "1.5", q: 42 })).toEqual(
      {
        outcome: "failed,lost",
        kept: true,
        longer_than: 1.5,
        q: "42",
      },
    );
    expect(parsed({ from: "yesterday", to: "2026-03-01T00:00:00Z", shorter_than: -1, state: "running" })).toEqual({
      to: "2026-03-01T00:00:00Z",
      state: "running",
    });
  });
  it("says either how far back, or from when to when", () => {
    expect(parsed({ last: "7d", from: "2026-03-01T00:00:00Z" })).toEqual({ last: "7d" });
    expect(parsed({ last: "7 weeks", from: "2026-03-01T00:00:00Z" })).toEqual({ from: "2026-03-01T00:00:00Z" });
  });
});

describe("a filter", () => {
  it("has words", () => {
    expect(filterWords("outcome", { outcome: "failed,out_of_memory" })).toBe("Failed, Out of memory");
    expect(filterWords("duration", { longer_than: 90 })).toBe("Over 1 min 30 s");
    expect(filterWords("duration", { longer_than: 1, shorter_than: 60 })).toBe("1 s to 1 min");
    expect(filterWords("time", { last: "24h" })).toBe("Last 24 hours");
    expect(filterWords("trigger", {})).toBe("");
  });
  it("is taken away with all its parts", () => {
    const filters = { last: undefined, from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z", q: "x" };
    expect(isSet("time", filters)).toBe(true);
    expect(isSet("time", { ...filters, ...without("time") })).toBe(false);
  });
  it("is the same in whatever order it was set", () => {
    expect(isSame({ q: "a", kept: true, script: undefined }, { kept: true, q: "a" })).toBe(true);
    expect(isSame({ q: "a" }, { q: "b" })).toBe(false);
  });
});

it("narrows a search in logs by what that knows", () => {
  expect(logFilters({ outcome: "failed", longer_than: 3, kept: true, last: "1h", q: "x" })).toEqual({
    outcome: "failed",
    last: "1h",
  });
});

it("writes moments on the viewer's clocks", () => {
  expect(fromLocal(toLocal("2026-03-01T12:34:00.000Z"))).toBe("2026-03-01T12:34:00.000Z");
  expect([toLocal(undefined), fromLocal(""), fromLocal("soon")]).toEqual(["", undefined, undefined]);
});
