import { expect, it } from "vitest";
import { plan, pressed, shareOf, wrongTag } from "./plan";

const scripts = [{ tags: ["web", "daily"] }, { tags: ["web"] }];

it("tells which all have, some, none", () => {
  expect(["web", "daily", "ml"].map((tag) => shareOf(tag, scripts))).toEqual(["all", "some", "none"]);
});
it("gives to all what some have, takes from all what all have, and a second press leaves all as it was", () => {
  const once = pressed(pressed(pressed(new Map(), "daily", "some"), "web", "all"), "ml", "none");
  expect(plan(once)).toEqual({ add: ["daily", "ml"], remove: ["web"] });
  expect(plan(pressed(pressed(once, "web", "all"), "ml", "none"))).toEqual({ add: ["daily"], remove: [] });
  expect(plan(pressed(once, "daily", "some"))).toEqual({ add: ["ml"], remove: ["daily", "web"] });
});
it("refuses what no tag can be", () => {
  expect(wrongTag("a,b")).toMatch(/comma/);
  expect(wrongTag("x".repeat(41))).toMatch(/40/);
  expect(wrongTag("at home")).toBeNull();
});
