import { describe, expect, it } from "vitest";
import { ApiError } from "~/api/client";
import { hasPlace, linesIn, parseDays, patchOf, refusalOf, typed } from "./packages-settings";

describe("what may be installed", () => {
  const set = { default_requirements: ["rich"], deny: ["evil"], cool_down_days: null };
  it("is typed one a line and sent where it differs", () => {
    expect(linesIn(" a \n\nb>=2\n")).toEqual(["a", "b>=2"]);
    expect(patchOf(typed(set), set)).toBeNull();
    expect(patchOf({ ...typed(set), deny: "evil\n\n worse " }, set)).toEqual({ deny: ["evil", "worse"] });
    expect(patchOf({ ...typed(set), deny: "" }, set)).toEqual({ deny: [] });
  });
  it("has a cool-down that can be off, or at its default", () => {
    expect(parseDays("")).toBeNull();
    expect(parseDays("0")).toBe(0);
    expect(parseDays("14 days")).toBe(14);
    expect(parseDays("-1")).toBe("wrong");
    expect(patchOf({ ...typed(set), days: "0" }, set)).toEqual({ cool_down_days: 0 });
    expect(patchOf({ ...typed(set), days: "" }, { ...set, cool_down_days: 3 })).toEqual({ cool_down_days: null });
    expect(patchOf({ ...typed(set), days: "soon", deny: "" }, set)).toBeNull();
  });
  it("has its refusals at their field", () => {
    const refused = new ApiError(422, "invalid_field", "cool_down_days must be smaller", null, {
      field: "packages.cool_down_days",
    });
    expect(refusalOf(refused, "cool_down_days")).toBe("The cool-down must be smaller");
    expect(refusalOf(refused, "deny")).toBeNull();
    expect(hasPlace(refused)).toBe(true);
    expect(hasPlace(new Error("x"))).toBe(false);
  });
});
