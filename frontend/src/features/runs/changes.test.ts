import { describe, expect, it } from "vitest";
import { changeRows } from "./changes";

describe("changes since the last success", () => {
  it("are said in their own words", () => {
    const rows = changeRows([
      { what: "revision", from: 16, to: 17 },
      { what: "image", from: "runner@sha256:0123456789abcdef0", to: "sha256:fedcba9876543210f" },
      { what: "arguments", from: [], to: ["--day", "today"] },
      { what: "variables", names: ["REGION", "TOKEN"] },
      { what: "limit", name: "memory_bytes", from: 536_870_912, to: 67_108_864 },
      { what: "limit", name: "network", from: "bridge", to: "none" },
    ]);
    expect(rows.map(({ name, from, to }) => [name, from, to])).toEqual([
      ["Revision", "16", "17"],
      ["Image", "0123456789ab", "fedcba987654"],
      ["Arguments", "none", "--day today"],
      ["Variables", null, "REGION, TOKEN"],
      ["Memory limit", "512 MiB", "64 MiB"],
      ["Network", "On", "Off"],
    ]);
  });

  it("name packages instead of their lock, where they are known", () => {
    const lock = { what: "lock", from: "b3f1", to: null } as const;
    expect(changeRows([lock])).toEqual([{ key: "lock", name: "Locked packages", from: "b3f1", to: "none" }]);
    expect(
      changeRows([
        lock,
        { what: "package", name: "requests", from: "2.31", to: "2.32" },
        { what: "package", name: "idna", to: "3.11" },
      ]).map(({ name, from, to }) => [name, from, to]),
    ).toEqual([
      ["requests", "2.31", "2.32"],
      ["idna", "absent", "3.11"],
    ]);
  });
});
