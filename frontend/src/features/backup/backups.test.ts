import { describe, expect, it } from "vitest";
import { contentsOf, progressOf, remarksOn, restoreSteps, typedKeep } from "./backups";

describe("what is said of a backup", () => {
  it("names what is in it", () => {
    expect(contentsOf({ kind: "backup", logs: false, artifacts: false })).toBe("Database, scripts, settings");
    expect(contentsOf({ kind: "backup", logs: true, artifacts: true })).toBe(
      "Database, scripts, settings, logs, artifacts",
    );
    expect(contentsOf({ kind: "schema_copy", logs: false, artifacts: false })).toContain("before an upgrade");
  });

  it("tells what was found, and nothing where there is nothing", () => {
    const account = { entries: 3, bytes: 9, left_out: 0, changing: 0, damaged: 0, examples: [] };
    expect(remarksOn(account)).toBeNull();
    expect(remarksOn({ ...account, left_out: 2, changing: 1, examples: ["a", "b"] })).toBe(
      "2 links and the like left out · 1 file was being written while copied: a, b",
    );
  });

  it("tells how far it is, never beyond the whole", () => {
    expect(progressOf({ phase: "database", done_bytes: 0, total_bytes: 0 })).toEqual({
      words: "Copying the database",
      share: null,
    });
    const beyond = progressOf({ phase: "writing", done_bytes: 300, total_bytes: 200 });
    expect(beyond.share).toBe(1);
    expect(beyond.words).toContain("Writing");
  });

  it("gives commands with the backup's own name", () => {
    const commands = restoreSteps("pytask-1.tar.zst").map((step) => step.command ?? "");
    expect(commands.some((command) => command.includes("pytask-1.tar.zst:/backup.tar.zst:ro"))).toBe(true);
  });

  it("reads how many are kept", () => {
    expect(typedKeep("")).toBeNull();
    expect(typedKeep(" 12 ")).toBe(12);
    for (const wrong of ["0", "1001", "-1", "1.5", "x"]) expect(typedKeep(wrong)).toBe("wrong");
  });
});
