// The shapes of the scheduler's part of the API, named as the document names them.
import type { OutcomeKind, Overlap, RunState } from "~/api/types";

export type When = { kind: "cron"; expression: string; zone: string } | { kind: "once"; at: string };
export type Missed = "none" | "latest" | "all";
export type Backoff = "fixed" | "doubling";
export type AfterLost = "fail" | "rerun";

export interface Retry {
  /** Runs for one fire, at most; 1 means that nothing is tried again. */
  attempts: number;
  delay_seconds: number;
  backoff: Backoff;
  longest_delay_seconds: number;
  after_lost: AfterLost;
}

/** How a fire stands to a change of the clocks. */
export type Mark = "usual" | "moved" | "once_of_two" | "first_pass" | "second_pass";

export interface Fire {
  at: string;
  mark: Mark;
}

export interface LastRun {
  run_id: string;
  slot: string;
  state: RunState;
  outcome_kind: OutcomeKind | null;
  started_at: string | null;
  finished_at: string | null;
}

/** What somebody decides about a schedule. */
export interface Terms {
  name: string;
  when: When;
  args: string[];
  env: Record<string, string>;
  /** Instead of what the script says about unfinished runs. */
  overlap: Overlap | null;
  missed: Missed;
  start_deadline_seconds: number;
  jitter_seconds: number;
  retry: Retry;
  enabled: boolean;
}

export interface Schedule extends Terms {
  id: string;
  script_id: string;
  script_name: string;
  version: number;
  /** The time in words. */
  description: string;
  script_paused: boolean;
  /** A one-off that has fired. */
  done: boolean;
  /** Up to three; none while nothing will fire. */
  next: Fire[];
  last: LastRun | null;
  remark: string | null;
  created_at: string;
  updated_at: string;
}

export type NewSchedule = Partial<Terms> & Pick<Terms, "when">;
export type SchedulePatch = Partial<Terms>;

export interface ScheduleList {
  items: Schedule[];
  paused: boolean;
}
export type SchedulePage = ScheduleList & { next_cursor: string | null };

export interface CronPreview {
  description: string;
  fires: string[];
  marks: Mark[];
  notes: string[];
}

export interface SkippedFires {
  reason: string;
  count: number;
}
export interface SimulationRequest {
  from: string;
  to: string;
  outage?: { from: string; to: string };
}
export interface SimulatedSchedule {
  schedule_id: string;
  script_name: string;
  name: string;
  fires: number;
  would_run: number;
  skipped: SkippedFires[];
  first: string | null;
  last: string | null;
}
export interface Simulation {
  schedules: SimulatedSchedule[];
  total: number;
  by_hour: number[];
}

interface OfScript {
  script_id: string;
  script_name: string;
}
export interface CalendarRun extends OfScript {
  kind: "run";
  schedule_id: string | null;
  run_id: string;
  /** The slot, or else when it started. */
  at: string;
  started_at: string | null;
  finished_at: string | null;
  state: RunState;
  outcome_kind: OutcomeKind | null;
  reason: string | null;
  trigger: string;
}
export interface CalendarUpcoming extends OfScript, Fire {
  kind: "upcoming";
  schedule_id: string;
  name: string;
}
/** A schedule that fires often, on one day. */
export interface CalendarBand extends OfScript {
  kind: "band";
  schedule_id: string;
  name: string;
  from: string;
  to: string;
  count: number;
  description: string;
  past: { succeeded: number; failed: number; skipped: number; other: number } | null;
}
export type CalendarItem = CalendarRun | CalendarUpcoming | CalendarBand;

export interface HourLoad {
  at: string;
  past: number;
  upcoming: number;
}
export interface ClockChange {
  zone: string;
  at: string;
  note: string;
}
export interface Calendar {
  from: string;
  to: string;
  items: CalendarItem[];
  by_hour: HourLoad[];
  changes: ClockChange[];
  /** There was more than the answer holds. */
  truncated: boolean;
}

export interface CrontabLine {
  line: number;
  text: string;
  kind: "job" | "comment" | "variable" | "unsupported" | "blank";
  expression?: string | null;
  zone?: string | null;
  command?: string | null;
  description?: string | null;
  suggested_name?: string | null;
  message?: string | null;
  script_id?: string | null;
}
export interface CrontabJob {
  line: number;
  expression: string;
  zone: string;
  script_id?: string;
  new_script?: { name: string };
  command: string;
}
export interface CrontabImported {
  schedules: Schedule[];
  scripts: string[];
}

/** What a run of a schedule says about why it is there. */
export interface ScheduleTrigger {
  kind: "schedule";
  schedule_id: string;
  slot: string;
  /** 1 for the first run of the slot; more when it was tried again. */
  attempt?: number;
}
