import { describe, expect, it } from "vitest";
import type { Engine } from "~/api/types";
import { limitOf, limitText, machineBound, patchOf, refusalText, textsOf, unenforced } from "./limits";

const MIB = 1024 * 1024;

describe("limits", () => {
  it("go to text and back unchanged, however odd", () => {
    const limits = {
      memory_bytes: 100_000_001,
      cpus: 0.333,
      run_seconds: 3601,
      disk_bytes: 10 * 1024 * MIB,
      stop_grace_seconds: 0,
      network: "none" as const,
    };
    expect(textsOf(limits).disk_bytes).toBe("10 GiB");
    expect(patchOf(textsOf(limits), "none", limits)).toEqual({ patch: limits });
  });
  it("leave what was never set to the default", () => {
    expect(patchOf({}, null, {})).toEqual({ patch: {} });
  });
  it("return to the default when emptied", () => {
    expect(patchOf({ cpus: "", pids: "64" }, null, { cpus: 2, network: "none" })).toEqual({ patch: { pids: 64 } });
  });
  it("name the field that is not a number above zero", () => {
    expect(patchOf({ memory_bytes: "lots" }, null, {})).toMatchObject({ wrong: { key: "memory_bytes" } });
    expect(patchOf({ pids: "0" }, null, {})).toMatchObject({ wrong: { key: "pids" } });
    expect(patchOf({ stop_grace_seconds: "0" }, null, {})).toEqual({ patch: { stop_grace_seconds: 0 } });
  });
  it("are said in their own units", () => {
    expect(limitText("memory_bytes", 64 * MIB)).toBe("64 MiB");
    expect(limitText("run_seconds", 5400)).toBe("1 h 30 min");
    expect(limitText("stop_grace_seconds", 10)).toBe("10 s");
    expect(limitText("pids", 32_768)).toBe("32,768");
    expect(limitText("network", "none")).toBe("Off");
    expect(limitText("disk_bytes", null)).toBe("none");
  });
});

describe("refusals", () => {
  it("find their field by either of its names", () => {
    expect([limitOf("limits.cpus"), limitOf("cpus"), limitOf("name"), limitOf(null)]).toEqual([
      "cpus",
      "cpus",
      null,
      null,
    ]);
  });
  it("speak the form's language", () => {
    const message = "memory_bytes must be from 16777216 to 1099511627776, not 8388608";
    expect(refusalText(message, "memory_bytes")).toBe("Memory must be from 16 MiB to 1 TiB, not 8 MiB");
    expect(refusalText("pids must be from 4 to 32768, not 1", "pids")).toBe(
      "Processes must be from 4 to 32,768, not 1",
    );
  });
});

describe("the engine's machine", () => {
  const engine = {
    cpus: 4,
    memory_bytes: 8 * 1024 * MIB,
    unenforced: [{ limit: "memory_swap", reason: "swap is not counted" }],
  } as Engine;
  it("bounds CPUs and memory", () => {
    expect(machineBound("cpus", engine)).toBe("At most 4 on this machine.");
    expect(machineBound("memory_bytes", engine)).toBe("At most 8 GiB on this machine.");
    expect(machineBound("pids", engine)).toBeNull();
  });
  it("may not hold a limit", () => {
    expect(unenforced("memory_bytes", engine)).toBe("swap is not counted");
    expect(unenforced("pids", engine)).toBeNull();
  });
});
