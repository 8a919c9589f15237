import { describe, expect, it } from "vitest";
import type { CrontabLine } from "../contract";
import { choiceOf, jobsOf } from "./choices";

const job = (line: number, rest: Partial<CrontabLine> = {}): CrontabLine => ({
  line,
  text: "",
  kind: "job",
  expression: "0 2 * * *",
  zone: "UTC",
  command: "python report.py",
  args: [],
  suggested_name: "report",
  ...rest,
});

describe("jobs of a crontab", () => {
  it("go to the script of their name, or to a new one", () => {
    expect(choiceOf(job(1))).toEqual({ take: "new", name: "report" });
    expect(choiceOf(job(1, { script_id: "s" }))).toEqual({ take: "script", scriptId: "s" });
    expect(choiceOf({ line: 2, text: "# x", kind: "comment", args: [] })).toEqual({ take: "leave" });
  });
  it("are taken as chosen, and nothing else is", () => {
    const lines: CrontabLine[] = [
      job(1),
      job(2, { script_id: "s" }),
      job(3),
      { line: 4, text: "@reboot x", kind: "unsupported", args: [] },
    ];
    const jobs = jobsOf(
      lines,
      new Map([
        [1, { take: "new", name: " mine " }],
        [3, { take: "leave" }],
      ]),
    );
    const about = { expression: "0 2 * * *", zone: "UTC", command: "python report.py" };
    expect(jobs).toEqual([
      { line: 1, ...about, new_script: { name: "mine" } },
      { line: 2, ...about, script_id: "s" },
    ]);
  });
});
