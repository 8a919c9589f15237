import { expect, it } from "vitest";
import type { ImportedSchedule } from "../../contract";
import { brought } from "./brought";

const cron: ImportedSchedule["when"] = { kind: "cron", expression: "0 6 * * *", zone: "UTC" };

it("calls a schedule by its name, or else by its time", () => {
  const named = brought({ name: "Early", when: cron, state: "paused", reason: null });
  expect(named).toEqual({
    title: "Early",
    when: "0 6 * * * (UTC)",
    state: "switched off",
    reason: null,
    isTaken: true,
  });
  expect(brought({ name: "", when: cron, state: "on", reason: null })).toMatchObject({
    title: "0 6 * * * (UTC)",
    when: null,
    state: "switched on",
  });
});

it("says of one that was left out why", () => {
  const odd = brought({ name: "", when: null, state: "left_out", reason: "it cannot be read" });
  expect(odd).toMatchObject({ title: "A schedule without a name", reason: "it cannot be read", isTaken: false });
});
