import { expect, it } from "vitest";
import { lineTime, nextMode } from "./line-time";

const START = "2026-03-01T10:00:00.250Z";

it("counts from the start", () => {
  expect(lineTime("2026-03-01T10:00:00.250Z", "relative", START)).toBe("+0:00:00.000");
  expect(lineTime("2026-03-01T12:03:04.255678Z", "relative", START)).toBe("+2:03:04.005");
  expect(lineTime("2026-03-03T10:00:00.250Z", "relative", START)).toBe("+48:00:00.000");
  expect(lineTime("2026-03-01T09:59:59.000Z", "relative", START)).toBe("−0:00:01.250");
  expect(lineTime(START, "relative", null)).toBe("+0:00:00.000");
});

it("tells UTC, and nothing of a time that is none", () => {
  expect(lineTime(START, "utc", null)).toBe("10:00:00.250");
  expect(lineTime("soon", "utc", null)).toBe("");
});

it("goes round", () => {
  expect(nextMode("off")).toBe("relative");
  expect(nextMode("utc")).toBe("off");
});
