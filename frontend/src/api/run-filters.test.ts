import { expect, it } from "vitest";
import { runParams } from "./run-filters";

const now = new Date("2026-03-01T12:00:00Z");

it("asks for what is set, as words", () => {
  expect(runParams({ outcome: "failed,lost", kept: true, longer_than: 1.5, q: "", script: undefined }, now)).toEqual({
    outcome: "failed,lost",
    kept: "true",
    longer_than: "1.5",
  });
});

it("turns a span until now into the instant where it begins", () => {
  expect(runParams({ last: "24h" }, now)).toEqual({ from: "2026-02-28T12:00:00.000Z" });
});
