import { describe, expect, it } from "vitest";
import { fieldName, newest, valueText } from "./changes";

const change = (field: string, at: string) => ({ field, at, from: null, to: 1 });

describe("changes of settings", () => {
  it("are told by name and unit", () => {
    expect(fieldName("max_runs")).toBe("Runs at once");
    expect(fieldName("default_limits.memory_bytes")).toBe("Default limit: Memory");
    expect(fieldName("index_credentials.https://a.example/simple")).toBe("Who signs in at https://a.example/simple");
    expect(fieldName("some.new_days")).toBe("some.new_days");
    expect(valueText("max_runs", null)).toBe("the default");
    expect(valueText("index_credentials.https://a.example", null)).toBe("nobody");
    expect(valueText("default_limits.memory_bytes", 64 * 1024 ** 2)).toBe("64 MiB");
    expect(valueText("packages.max_build_seconds", 600)).toBe("10 min");
    expect(valueText("packages.cool_down_days", 1)).toBe("1 day");
    expect(valueText("packages.deny", [])).toBe("none");
    expect(valueText("packages.deny", ["a", "b"])).toBe("a, b");
    expect(valueText("schedules_paused", true)).toBe("yes");
    expect(valueText("max_runs", 8)).toBe("8");
  });
  it("are found for a panel", () => {
    const changes = [
      change("max_runs", "2026-11-20T08:00:00Z"),
      change("packages.deny", "2026-11-21T08:00:00Z"),
      change("packages_else", "2026-11-24T08:00:00Z"),
      change("packages.allow", "2026-11-23T08:00:00Z"),
    ];
    expect(newest(changes, ["packages"])?.field).toBe("packages.allow");
    expect(newest(changes, ["max_runs", "min_free_bytes"])?.field).toBe("max_runs");
    expect(newest(changes, ["retention"])).toBe(null);
  });
});
