import { describe, expect, it } from "vitest";
import type { System } from "~/api/types";
import { noticesOf } from "./notice";

const MIB = 1024 ** 2;
const system = (
  state: System["engine"]["state"],
  low = false,
  message: string | null = null,
  doctor: System["doctor"] = null,
) =>
  ({
    engine: { state, message, unenforced: [] },
    doctor,
    disk: { low, free_bytes: 300 * MIB, floor_bytes: 512 * MIB, total_bytes: 9000 * MIB, reserve_bytes: 64 * MIB },
  }) as unknown as System;

describe("noticesOf", () => {
  it("is silent while all is well, and before anything is known", () => {
    expect(noticesOf(undefined, true)).toEqual([]);
    expect(noticesOf(system("ready"), true)).toEqual([]);
  });
  it("says that runs wait while the engine is away, and why", () => {
    const [notice] = noticesOf(system("away", false, "Cannot connect to the socket"), true);
    expect(notice?.title).toBe("The Docker engine is away.");
    expect(notice?.text).toBe("Runs wait; nothing is lost. Cannot connect to the socket.");
  });
  it("lets a short reconnection pass", () => {
    expect(noticesOf(system("connecting"), false)).toEqual([]);
    expect(noticesOf(system("connecting"), true)).toHaveLength(1);
  });
  it("tells what the last examination found, unless that is told already", () => {
    const found = {
      ran_at: "2026-11-25T08:00:00Z",
      problems: ["A limit does not hold.", "It is damaged."],
      warnings: 1,
    };
    expect(noticesOf(system("ready", false, null, found), true)).toEqual([
      {
        kind: "doctor",
        title: "Something does not work.",
        text: "A limit does not hold. And 1 problem more.",
        section: "doctor",
      },
    ]);
    expect(noticesOf(system("away", false, null, found), true).map(({ kind }) => kind)).toEqual(["engine"]);
    expect(noticesOf(system("ready", true, null, found), true).map(({ kind }) => kind)).toEqual(["disk"]);
    expect(noticesOf(system("ready", false, null, { ...found, problems: [] }), true)).toEqual([]);
  });
  it("names the disk beside the engine", () => {
    expect(noticesOf(system("away", true), true).map((notice) => notice.kind)).toEqual(["engine", "disk"]);
    expect(noticesOf(system("ready", true), true)[0]?.text).toMatch(/300 MiB are free, and 512 MiB are kept/);
  });
});
