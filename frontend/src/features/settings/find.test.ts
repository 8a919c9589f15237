import { describe, expect, it } from "vitest";
import { find, placeOf, sectionName } from "./find";
import { isSection, sectionOf } from "./sections";

describe("settings are found", () => {
  it("by their names, in any order of words", () => {
    expect(find("memory").map(({ label, section, hash }) => [label, section, hash])).toEqual([
      ["Memory", "general", "limits"],
    ]);
    expect(find("zone time").map(({ label }) => label)).toEqual(["Time zone of new schedules"]);
    expect(find("").length).toBeGreaterThan(20);
  });
  it("by what a section is about", () => {
    expect(find("theme").map(({ section }) => section)).toEqual(["appearance"]);
    expect(find("nothing of that")).toEqual([]);
  });
  it("once, each in its section", () => {
    const labels = find("").map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
    const memory = placeOf("Memory");
    expect(memory && sectionName(memory)).toBe("General");
  });
  it("at addresses that were given out before", () => {
    expect(["packages", "queue", "engine", "", "toString"].map(sectionOf)).toEqual([
      "packages",
      "general",
      "system",
      "general",
      "general",
    ]);
    expect([isSection("system"), isSection("nonsense")]).toEqual([true, false]);
  });
});
