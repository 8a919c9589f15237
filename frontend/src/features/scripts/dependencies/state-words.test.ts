import { describe, expect, it } from "vitest";
import type { EnvironmentStatus, Run } from "~/api/types";
import { apart, inlineWords, stateWords } from "./state-words";

const status = (state: EnvironmentStatus["state"], more: Partial<EnvironmentStatus> = {}): EnvironmentStatus => ({
  state,
  packages: 2,
  ...more,
});

describe("the state of an environment", () => {
  it("names the act that helps", () => {
    expect(stateWords(status("in_step")).helps).toBeNull();
    expect(stateWords(status("missing")).helps).toBe("install");
    expect(stateWords(status("needs_install")).helps).toBe("install");
    expect(stateWords(status("broken")).helps).toBe("rebuild");
  });
  it("keeps the installer's words whole", () => {
    expect(stateWords(status("failed", { message: "× No\n  ╰─▶ because\n" })).detail).toBe("× No\n  ╰─▶ because");
    expect(stateWords(status("broken", { message: "six.py is missing" })).detail).toBe("six.py is missing");
  });
  it("says what runs do meanwhile", () => {
    expect(stateWords(status("failed", { lock_hash: "a" })).sentence).toMatch(/from before it/);
    expect(stateWords(status("failed")).sentence).toMatch(/no earlier/);
    expect(stateWords(status("building", { lock_hash: "a" })).sentence).toMatch(/the one they have/);
    const check = { build: { action: "check" } } as Run;
    expect(stateWords(status("building"), check).sentence).toMatch(/Nothing is installed/);
  });
});

describe("a metadata block", () => {
  it("is told apart from the list", () => {
    expect(apart({ in_file: ["a", "b>=2"], in_list: ["a", "b"] })).toEqual({
      both: ["a"],
      inFile: ["b>=2"],
      inList: ["b"],
    });
    expect(inlineWords({ state: "conflict", in_file: [], in_list: [] }, "main.py")).toMatch(/main\.py.*you choose/);
  });
});
