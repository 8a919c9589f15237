import { describe, expect, it } from "vitest";
import type { Check, CheckState } from "~/api/types";
import { ordered, share, summary } from "./doctor";

const check = (id: string, state: CheckState): Check => ({ id, title: id, state, what: "", mend: null, details: [] });

describe("checks", () => {
  it("come with the worst first, otherwise as they were looked at", () => {
    const checks = [
      check("a", "ok"),
      check("b", "unknown"),
      check("c", "problem"),
      check("d", "ok"),
      check("e", "warning"),
    ];
    expect(ordered(checks).map(({ id }) => id)).toEqual(["c", "e", "b", "a", "d"]);
  });
  it("are summed up", () => {
    expect(summary([check("a", "ok"), check("b", "ok")])).toBe("All 2 checks are well");
    expect(summary([check("a", "problem"), check("b", "ok")])).toBe("1 problem, 1 well");
    expect(summary([check("a", "problem"), check("b", "problem"), check("c", "warning"), check("d", "unknown")])).toBe(
      "2 problems, 1 to watch, 1 not known, 0 well",
    );
  });
  it("tell how far they are", () => {
    const running = { began_at: "", done: 2, of: 5, now: "the disk" };
    expect(share(running)).toBeCloseTo(0.4);
    expect(share({ ...running, of: 0 })).toBe(0);
  });
});
