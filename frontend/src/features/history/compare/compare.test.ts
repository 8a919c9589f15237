import { describe, expect, it } from "vitest";
import type { Run } from "~/api/types";
import { compareRows, incomparable, ratioWords } from "./compare";

const run = (more: Partial<Run>) =>
  ({
    id: "a",
    number: 1,
    kind: "script",
    script_id: "s",
    script_name: "report",
    state: "finished",
    outcome: { kind: "succeeded", message: "Succeeded" },
    trigger: { kind: "manual" },
    queued_at: "2026-03-01T00:00:00Z",
    started_at: "2026-03-01T00:00:01Z",
    finished_at: "2026-03-01T00:00:11Z",
    exit_code: 0,
    peak_memory_bytes: 100 * 1024 ** 2,
    ...more,
  }) as Run;

const row = (name: string, a: Run, b: Run) => compareRows(a, b).find((each) => each.name === name);

describe("two runs", () => {
  it("differ where what is said of them does", () => {
    const failed = run({ outcome: { kind: "failed", exit_code: 3, message: "" }, exit_code: 3 });
    expect(row("Outcome", run({}), failed)).toMatchObject({ a: "Succeeded", b: "Failed: exit 3", differs: true });
    expect(row("Trigger", run({}), failed)).toMatchObject({ differs: false });
  });
  it("are alike in measures that are near each other", () => {
    expect(row("Took", run({}), run({ finished_at: "2026-03-01T00:00:12Z" }))).toMatchObject({ differs: false });
    expect(row("Took", run({}), run({ finished_at: "2026-03-01T00:00:31Z" }))).toMatchObject({
      differs: true,
      ratio: "3.0 times",
    });
    expect(row("Peak memory", run({}), run({ peak_memory_bytes: null }))).toMatchObject({ b: "–", differs: true });
  });
  it("are compared only when they are of one script", () => {
    expect(incomparable(run({}), run({ id: "b" }))).toBeNull();
    expect(incomparable(run({}), run({}))).toMatch(/same run/);
    expect(incomparable(run({}), run({ id: "b", script_id: "t", script_name: "backup" }))).toMatch(/of backup/);
    expect(incomparable(run({}), run({ id: "b", kind: "build" }))).not.toBeNull();
  });
});

it("says how one number stands to another", () => {
  expect([ratioWords(10, 25), ratioWords(10, 1234), ratioWords(10, 15), ratioWords(10, 4), ratioWords(0, 4)]).toEqual([
    "2.5 times",
    "123 times",
    "50 % more",
    "60 % less",
    null,
  ]);
});
