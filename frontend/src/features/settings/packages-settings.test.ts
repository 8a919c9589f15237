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
  it("has bounds that can be typed with a unit, and go back to their defaults", () => {
    expect(typed({ ...set, max_build_seconds: 600 }).max_build_seconds).toBe("10 min");
    expect(patchOf({ ...typed(set), max_environment_bytes: "2" }, set)).toEqual({
      max_environment_bytes: 2 * 1024 ** 3,
    });
    expect(patchOf({ ...typed(set), max_build_seconds: "20 min" }, set)).toEqual({ max_build_seconds: 1200 });
    const bound = { ...set, max_build_seconds: 90 };
    expect(patchOf(typed(bound), bound)).toBeNull();
    expect(patchOf({ ...typed(bound), max_build_seconds: "" }, bound)).toEqual({ max_build_seconds: null });
    expect(patchOf({ ...typed(set), max_build_seconds: "soon", deny: "" }, set)).toBeNull();
    const message = "packages.max_environment_bytes must be from 1048576 to 1099511627776, not 1000";
    const refused = new ApiError(422, "invalid_field", message, null, { field: "packages.max_environment_bytes" });
    expect(refusalOf(refused, "max_environment_bytes")).toBe(
      "Size of an environment must be from 1 MiB to 1 TiB, not 1000 B",
    );
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
