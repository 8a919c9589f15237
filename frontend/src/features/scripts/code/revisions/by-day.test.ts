import { expect, it } from "vitest";
import type { Revision } from "../contract";
import { byDay, byWords, changedWords } from "./by-day";

const revision = (number: number, at: Date): Revision => ({
  number,
  created_at: at.toISOString(),
  message: "",
  label: null,
  by: "editor",
  changed: [],
  changed_count: 0,
  runs: { count: 0, last_run_id: null },
});

it("groups by the viewer's days", () => {
  const now = new Date(2026, 2, 10, 0, 30);
  const days = byDay(
    [
      revision(4, new Date(2026, 2, 10, 0, 10)),
      revision(3, new Date(2026, 2, 9, 23, 50)),
      revision(2, new Date(2026, 2, 9, 8, 0)),
      revision(1, new Date(2025, 11, 24, 8, 0)),
    ],
    now,
  );
  expect(days.map((day) => [day.title, day.revisions.map((each) => each.number)])).toEqual([
    ["Today", [4]],
    ["Yesterday", [3, 2]],
    ["Wednesday, December 24, 2025", [1]],
  ]);
});

it("says what changed and by what", () => {
  const changed = ["a", "b", "c"].map((path) => ({ path, change: "added" as const }));
  expect(changedWords({ changed, changed_count: 9 })).toBe("a, b and 7 more");
  expect(changedWords({ changed: changed.slice(0, 1), changed_count: 1 })).toBe("a");
  expect(changedWords({ changed: [], changed_count: 0 })).toBe("nothing");
  expect(byWords("outside")).toBe("outside the app");
  expect(byWords("martian")).toBe("martian");
});
