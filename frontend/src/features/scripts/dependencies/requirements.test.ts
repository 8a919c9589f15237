import { describe, expect, it } from "vitest";
import { ApiError } from "~/api/client";
import { cleanRequirements, sameRequirements, wrongLine } from "./requirements";

const refused = (field: string) => new ApiError(422, "invalid_requirement", "Cannot be read.", null, field);

describe("requirements", () => {
  it("sends neither blanks nor comments", () => {
    expect(cleanRequirements([" requests ", "", "# pinned", "pandas"])).toEqual(["requests", "pandas"]);
  });
  it("does not call a blank line a change", () => {
    expect(sameRequirements(["requests", ""], ["requests"])).toBe(true);
    expect(sameRequirements(["requests"], ["requests>=2"])).toBe(false);
  });
  it("finds the edited line behind the one that was sent", () => {
    const lines = ["# web", "requests", "", "not a package!"];
    expect(wrongLine(refused("requirements[1]"), lines)).toBe(3);
    expect(wrongLine(refused("requirements.0"), lines)).toBe(1);
    expect(wrongLine(refused("name"), lines)).toBeNull();
    expect(wrongLine(new Error("x"), lines)).toBeNull();
  });
});
