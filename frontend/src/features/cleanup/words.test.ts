import { expect, it } from "vitest";
import type { Group, Report } from "./requests";
import { chosenOf, gistOf, goingOf, KINDS, leftOf, NAMES, toggled, typedDays } from "./words";

const group = (kind: Group["kind"], chosen: boolean, items_count: number) =>
  ({ kind, chosen, items_count, bytes: 1, examples: [], place: "data", safe: true, what: "", why: "" }) as Group;

const report = (groups: Report["groups"], freed_bytes: number): Report => ({
  id: 1,
  trigger: "manual",
  started_at: "2026-03-01T03:30:00Z",
  finished_at: "2026-03-01T03:31:00Z",
  continued: 0,
  freed_bytes,
  groups,
  failures: [],
});

it("takes the unused packages with the whole cache, and lets go of the cache with them", () => {
  expect(toggled(["images"], "package_cache")).toEqual(["unused_packages", "package_cache", "images"]);
  expect(toggled(["unused_packages", "package_cache", "images"], "unused_packages")).toEqual(["images"]);
  expect(toggled(["unused_packages", "package_cache"], "package_cache")).toEqual(["unused_packages"]);
});

it("keeps the server's order, whatever is chosen first", () => {
  expect(toggled(["containers"], "trash")).toEqual(["trash", "containers"]);
  expect(Object.keys(NAMES)).toEqual([...KINDS]);
});

it("tells what goes from what is only chosen", () => {
  const groups = [group("trash", true, 0), group("images", true, 2), group("folders", false, 3)];
  expect(chosenOf(groups)).toEqual(["trash", "images"]);
  expect(goingOf(groups).map((each) => each.kind)).toEqual(["images"]);
});

it("says what a report comes to", () => {
  expect(gistOf(report([], 0))).toBe("Nothing was removed.");
  const some = report(
    [
      { kind: "trash", items: 2, bytes: 1024, left: 0 },
      { kind: "images", items: 0, bytes: 0, left: 1 },
    ],
    1024,
  );
  expect(gistOf(some)).toBe("Freed 1 KiB: 2 × scripts in the trash.");
  expect(leftOf(some)).toBe("1 thing stayed");
  expect(leftOf(report([], 0))).toBeNull();
});

it("reads days", () => {
  expect([
    typedDays(""),
    typedDays("0"),
    typedDays(" 30 "),
    typedDays("-1"),
    typedDays("99999"),
    typedDays("x"),
  ]).toEqual([null, 0, 30, "wrong", "wrong", "wrong"]);
});
