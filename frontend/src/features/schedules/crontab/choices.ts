// What is to become of each job of a crontab. Pure.
import type { CrontabJob, CrontabLine } from "../contract";

export type Choice = { take: "leave" } | { take: "script"; scriptId: string } | { take: "new"; name: string };

/** What is proposed: the script that has the command's name, or a new one. */
export function choiceOf(line: CrontabLine): Choice {
  if (line.kind !== "job") return { take: "leave" };
  if (line.script_id) return { take: "script", scriptId: line.script_id };
  return { take: "new", name: line.suggested_name ?? "" };
}

/** The jobs that are to be taken, as the server takes them. */
export function jobsOf(lines: readonly CrontabLine[], choices: ReadonlyMap<number, Choice>): CrontabJob[] {
  return lines.flatMap((line) => {
    const choice = choices.get(line.line) ?? choiceOf(line);
    if (line.kind !== "job" || choice.take === "leave") return [];
    const job = {
      line: line.line,
      expression: line.expression ?? "",
      zone: line.zone ?? "",
      command: line.command ?? "",
    };
    return [
      choice.take === "script"
        ? { ...job, script_id: choice.scriptId }
        : { ...job, new_script: { name: choice.name.trim() } },
    ];
  });
}
