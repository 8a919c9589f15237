// What fires next, over all schedules. Pure.
import type { Fire, Schedule } from "./contract";

export interface Upcoming {
  schedule: Schedule;
  fire: Fire;
}

/** The next fire of each schedule within a time, the nearest first: one that fires often does not crowd out the rest. */
export function upcoming(schedules: readonly Schedule[], now: Date, hours: number): Upcoming[] {
  const until = now.getTime() + hours * 3_600_000;
  return schedules
    .flatMap((schedule) => {
      const fire = schedule.next.find(({ at }) => Date.parse(at) > now.getTime());
      return fire && Date.parse(fire.at) <= until ? [{ schedule, fire }] : [];
    })
    .sort((a, b) => Date.parse(a.fire.at) - Date.parse(b.fire.at));
}

/** The nearest fire of some schedules; undefined where nothing will fire. */
export const nearest = (schedules: readonly Schedule[], now: Date): Upcoming | undefined =>
  upcoming(schedules, now, Number.POSITIVE_INFINITY)[0];
