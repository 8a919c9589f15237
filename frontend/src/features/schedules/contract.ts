// The scheduler's part of the API, from its generated document.
import type { components } from "~/api/schema";
import type { OutcomeKind } from "~/api/types";

type Schemas = components["schemas"];

export type When = Schemas["When"];
export type Missed = Schemas["Missed"];
export type Backoff = Schemas["Backoff"];
export type AfterLost = Schemas["AfterLost"];
/** Whole, as it is answered. */
export type Retry = Required<Schemas["Retry"]>;
export type Mark = Schemas["Mark"];
export type Fire = Schemas["Fire"];

/** What somebody decides about a schedule; whole, as it is answered. */
export type Terms = Required<Omit<Schemas["Terms"], "retry">> & { retry: Retry };
export type LastRun = Omit<Schemas["LastFire"], "outcome_kind"> & { outcome_kind?: OutcomeKind | null };
export type Schedule = Omit<Schemas["Schedule"], keyof Terms | "last"> & Terms & { last?: LastRun | null };
export type NewSchedule = Partial<Terms> & Pick<Terms, "when">;
export type SchedulePatch = Partial<Terms>;
export interface ScheduleList {
  items: Schedule[];
  paused: boolean;
}
export type SchedulePage = ScheduleList & { next_cursor?: string | null };

export type CronPreview = Schemas["Preview"];
export type Simulation = Schemas["Simulation"];
export type SimulationRequest = Schemas["SimulationRequest"];

export type CalendarItem = Schemas["CalendarItem"];
export type CalendarRun = Extract<CalendarItem, { kind: "run" }>;
export type CalendarUpcoming = Extract<CalendarItem, { kind: "upcoming" }>;
/** A schedule that fires often, on one day. */
export type CalendarBand = Extract<CalendarItem, { kind: "band" }>;
export type HourLoad = Schemas["CalendarHour"];
export type ClockChange = Schemas["ClockChange"];
export type Calendar = Schemas["Calendar"];

export type CrontabLine = Schemas["CrontabLine"];
export type CrontabJob = Schemas["CrontabJob"];
export interface CrontabImported {
  schedules: Schedule[];
  scripts: string[];
}

/** What a run of a schedule says about why it is there. */
export type ScheduleTrigger = Extract<Schemas["Trigger"], { kind: "schedule" }>;
