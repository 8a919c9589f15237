// What became of the schedules of an archive, in words.
import type { ImportedSchedule } from "../../contract";

export interface Brought {
  /** What people call it. */
  title: string;
  /** When it fires, where that is not its title. */
  when: string | null;
  /** One of a few words. */
  state: string;
  /** Why, where there is something to know. */
  reason: string | null;
  isTaken: boolean;
}

const STATES: Record<ImportedSchedule["state"], string> = {
  on: "switched on",
  paused: "switched off",
  left_out: "left out",
};

function whenOf({ when }: ImportedSchedule): string | null {
  if (!when) return null;
  return when.kind === "cron" ? `${when.expression} (${when.zone})` : `once, ${when.at}`;
}

export function brought(schedule: ImportedSchedule): Brought {
  const when = whenOf(schedule);
  const title = schedule.name || when || "A schedule without a name";
  return {
    title,
    when: title === when ? null : when,
    state: STATES[schedule.state],
    reason: schedule.reason ?? null,
    isTaken: schedule.state !== "left_out",
  };
}
