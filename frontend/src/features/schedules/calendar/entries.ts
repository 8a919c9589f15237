// What the calendar draws, from what the server tells. Pure; knows nothing of the library that draws it.
import type { OutcomeKind } from "~/api/types";
import type { Mark as RunMark } from "~/components/ui/state-mark";
import type { Calendar, CalendarBand, CalendarItem, CalendarRun, ClockChange, HourLoad } from "../contract";
import { dateIn } from "../zoned";

export type Span = "day" | "week" | "month";

/** How an entry is coloured; each look has a shape and a word of its own, too. */
export type Look = "ok" | "fail" | "run" | "queue" | "cancel" | "skip" | "lost" | "upcoming" | "band" | "change";

export interface Entry {
  id: string;
  title: string;
  /** An instant, or a day where `allDay`. */
  start: string;
  end: string | null;
  allDay: boolean;
  look: Look;
  item: CalendarItem | ({ kind: "change" } & ClockChange);
}

export const runMark = (run: CalendarRun): RunMark =>
  run.state === "finished" ? ((run.outcome_kind as OutcomeKind | null | undefined) ?? "lost") : run.state;

const LOOKS: Partial<Record<RunMark, Look>> = {
  succeeded: "ok",
  running: "run",
  starting: "run",
  collecting: "run",
  queued: "queue",
  cancelled: "cancel",
  stopping: "cancel",
  skipped: "skip",
  lost: "lost",
};
export const runLook = (run: CalendarRun): Look => LOOKS[runMark(run)] ?? "fail";

/** A band is of one day of its schedule; the middle of it tells which day that mostly is on other clocks. */
export const bandDay = (band: Pick<CalendarBand, "from" | "to">, zone: string): string =>
  dateIn((Date.parse(band.from) + Date.parse(band.to)) / 2, zone);

function entryOf(item: CalendarItem, zone: string, now: string): Entry {
  switch (item.kind) {
    case "run":
      return {
        id: item.run_id,
        title: item.script_name,
        start: item.started_at ?? item.at,
        end: item.finished_at ?? (item.started_at ? now : null),
        allDay: false,
        look: runLook(item),
        item,
      };
    case "upcoming":
      return {
        id: `${item.schedule_id} ${item.at}`,
        title: item.script_name,
        start: item.at,
        end: null,
        allDay: false,
        look: "upcoming",
        item,
      };
    case "band": {
      const day = bandDay(item, zone);
      return {
        id: `${item.schedule_id} ${item.from}`,
        title: `${item.script_name} ${item.description} · ${item.count} ×`,
        start: day,
        end: null,
        allDay: true,
        look: "band",
        item,
      };
    }
  }
}

export function entriesOf(calendar: Calendar, zone: string, now: Date): Entry[] {
  const changes = calendar.changes.map(
    (change): Entry => ({
      id: `${change.zone} ${change.at}`,
      title: `${change.note} (${change.zone})`,
      start: dateIn(change.at, zone),
      end: null,
      allDay: true,
      look: "change",
      item: { kind: "change", ...change },
    }),
  );
  return [...changes, ...calendar.items.map((item) => entryOf(item, zone, now.toISOString()))];
}

const DAY = 86_400_000;

/** The day that the calendar opens on when it is turned by one span. */
export function turned(on: string, span: Span, by: 1 | -1): string {
  const date = new Date(`${on}T00:00:00Z`);
  if (span === "month") date.setUTCMonth(date.getUTCMonth() + by, 1);
  else date.setTime(date.getTime() + by * (span === "week" ? 7 : 1) * DAY);
  return date.toISOString().slice(0, 10);
}

const HOUR = 3_600_000;

/** Every hour of a range, those without load too. */
export function hoursOf(byHour: Calendar["by_hour"], from: string, to: string): HourLoad[] {
  const begin = Date.parse(from);
  const bars = Array.from({ length: Math.max(0, Math.ceil((Date.parse(to) - begin) / HOUR)) }, (_, index) => ({
    at: new Date(begin + index * HOUR).toISOString(),
    past: 0,
    upcoming: 0,
  }));
  for (const { at, past, upcoming } of byHour) {
    const bar = bars[Math.floor((Date.parse(at) - begin) / HOUR)];
    if (!bar) continue;
    bar.past += past;
    bar.upcoming += upcoming;
  }
  return bars;
}

/** The hour with the most load; undefined where there is none at all. */
export function busiest(bars: readonly HourLoad[]): HourLoad | undefined {
  const load = (bar: HourLoad) => bar.past + bar.upcoming;
  const most = bars.reduce<HourLoad | undefined>(
    (best, bar) => (best && load(best) >= load(bar) ? best : bar),
    undefined,
  );
  return most && load(most) > 0 ? most : undefined;
}
