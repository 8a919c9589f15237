import { describe, expect, it } from "vitest";
import type { Outcome, Run } from "~/api/types";
import { advice, buildRules, buildWord, evidenceOf, gist, headline } from "./describe";

const ended = (outcome: Outcome) => ({ kind: "script", state: "finished", outcome }) as Run;
const failed: Outcome = { kind: "failed", exit_code: 1, message: "Failed with exit code 1: KeyError: 'total'" };

describe("headline", () => {
  it("names the exit, or the limit that ended it", () => {
    expect(headline(ended(failed))).toBe("Failed: exit 1");
    expect(headline(ended({ ...failed, exit_code: null }))).toBe("Stopped at a limit");
  });
});

describe("gist", () => {
  it("says how it ended, in the server's words", () => {
    expect(gist(ended(failed))).toBe(failed.message);
    expect(gist(ended({ kind: "succeeded", message: "Succeeded" }))).toBe("Succeeded");
  });
  it("names the exception and its place, or the limit", () => {
    const traceback = { exception: "KeyError", message: "'total'", frames: [], location: { path: "a.py", line: 4 } };
    expect(gist(ended({ ...failed, traceback }))).toBe("KeyError: 'total', a.py:4");
    const limits_hit = [{ limit: "disk_bytes" as const, message: "Disk: it took 2 GiB" }];
    expect(gist(ended({ ...failed, exit_code: null, limits_hit }))).toBe("Disk: it took 2 GiB");
  });
  it("says why a run waits", () => {
    const waiting = { kind: "script", state: "queued" } as Run;
    expect(gist({ ...waiting, wait_reason: { kind: "disk_full", message: "The disk is full" } })).toBe(
      "The disk is full",
    );
    expect(gist(waiting)).toBe("Waits for its turn");
    expect(gist({ ...waiting, state: "running" })).toBe("Running");
  });
});

describe("advice", () => {
  it("names a next step where there is one", () => {
    expect(advice({ kind: "out_of_memory", limit_bytes: 1, message: "" })).toMatch(/Raise the limit/);
    expect(advice({ kind: "signalled", signal: 11, message: "" })).toMatch(/faulthandler/);
    expect(advice({ kind: "signalled", signal: 15, message: "" })).toBeNull();
    expect(advice({ kind: "succeeded", message: "" })).toBeNull();
  });
  it("says in words how a run was lost", () => {
    expect(advice({ kind: "lost", reason: "", cause: "vanished", message: "" })).toMatch(/removed it/);
    expect(advice({ kind: "lost", reason: "", message: "" })).toMatch(/killed from outside/);
  });
});

describe("evidence", () => {
  it("is of what was started", () => {
    expect(evidenceOf({ ...failed, stderr_tail: ["x"] })?.stderr_tail).toEqual(["x"]);
    expect(evidenceOf({ kind: "skipped", reason: "", message: "" })).toBeNull();
    expect(evidenceOf(null)).toBeNull();
  });
});

describe("a build", () => {
  const build = { action: "update" as const, packages: ["urllib3"], build_from_source: [] };
  it("is called by what it does", () => {
    expect(buildWord(null)).toBe("Installing packages");
    expect(buildWord(build)).toBe("Updating urllib3");
    expect(buildWord({ ...build, packages: [] })).toBe("Updating packages");
    expect(buildWord({ ...build, action: "check" })).toBe("Checking for updates");
  });
  it("says what it was bound to", () => {
    const at = (moment: Date) => moment.toISOString().slice(0, 10);
    expect(buildRules(build, at)).toBeNull();
    expect(buildRules({ ...build, exclude_newer: "2026-02-01T00:00:00Z" }, at)).toMatch(/after 2026-02-01 .*cool-down/);
    expect(buildRules({ ...build, build_from_source: ["docopt"] }, at)).toMatch(/source: docopt/);
  });
});
