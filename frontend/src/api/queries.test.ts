import type { InfiniteData } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { newerRun, replaceRun } from "~/api/queries";
import type { Run } from "~/api/types";

const run = (id: string, state: Run["state"]) => ({ id, state }) as Run;
const pages = (...runs: Run[]): InfiniteData<{ items: Run[] }> => ({
  pages: [{ items: runs }],
  pageParams: [undefined],
});

describe("news of a run", () => {
  it("replace it in the lists that hold it", () => {
    const before = pages(run("a", "running"), run("b", "queued"));
    const after = replaceRun(before, run("b", "running"));
    expect(after?.pages[0]?.items.map((each) => each.state)).toEqual(["running", "running"]);
  });
  it("leave other lists as they are, to the identity", () => {
    const before = pages(run("a", "running"));
    expect(replaceRun(before, run("z", "running"))).toBe(before);
  });
  it("never take a run back to an earlier state", () => {
    const done = run("a", "finished");
    expect(newerRun(done, run("a", "running"))).toBe(done);
    expect(newerRun(run("a", "running"), done)).toBe(done);
  });
});
