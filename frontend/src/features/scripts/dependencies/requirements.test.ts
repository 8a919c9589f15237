import { describe, expect, it } from "vitest";
import { ApiError } from "~/api/client";
import { refusedSource, sameRequirements, wrongLine } from "./requirements";

describe("requirements", () => {
  it("are not changed by blanks and comments", () => {
    expect(sameRequirements([" requests ", "", "# pinned"], ["requests"])).toBe(true);
    expect(sameRequirements(["requests"], ["requests>=2"])).toBe(false);
    expect(sameRequirements([], ["requests"])).toBe(false);
  });
  it("are pointed at by the line of the refusal", () => {
    const refused = (details: Record<string, unknown>) =>
      new ApiError(422, "invalid_requirement", "No.", null, details);
    expect(wrongLine(refused({ field: "requirements", line: 2, column: 4 }))).toBe(2);
    expect(wrongLine(refused({ field: "requirements" }))).toBeNull();
    expect(wrongLine(refused({ field: "name", line: 1 }))).toBeNull();
    expect(wrongLine(new Error("x"))).toBeNull();
  });
  it("keep a refusal about sources at its own field", () => {
    const refused = (field: string) => new ApiError(422, "invalid_field", "No name.", null, { field });
    expect(refusedSource(refused("build_from_source"))).toBe("No name.");
    expect(refusedSource(refused("requirements"))).toBeNull();
  });
});
