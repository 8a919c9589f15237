import { describe, expect, it } from "vitest";
import { patchOf, textsOf } from "./limits";

const MIB = 1024 * 1024;

describe("limits", () => {
  it("go to text and back unchanged", () => {
    const limits = { memory_bytes: 512 * MIB, cpus: 0.5, run_seconds: 3600, network: "none" as const };
    expect(patchOf(textsOf(limits), "none", limits)).toEqual({ patch: limits });
  });
  it("leave what was never set to the default", () => {
    expect(patchOf({}, null, {})).toEqual({ patch: {} });
  });
  it("return to the default when emptied", () => {
    expect(patchOf({ cpus: "", pids: "64" }, null, { cpus: 2, network: "none" })).toEqual({ patch: { pids: 64 } });
  });
  it("carry along what is not edited here", () => {
    expect(patchOf({}, null, { disk_bytes: 5 })).toEqual({ patch: { disk_bytes: 5 } });
  });
  it("name the field that is not a number above zero", () => {
    expect(patchOf({ memory_bytes: "lots" }, null, {})).toEqual({ wrong: "memory_bytes" });
    expect(patchOf({ pids: "0" }, null, {})).toEqual({ wrong: "pids" });
  });
});
