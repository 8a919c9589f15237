// How times are shown in this browser: on whose clocks, and how many hours these have. Both as the browser has them
// unless somebody has chosen otherwise; kept in this browser.
import { recall, remember } from "./storage";
import { createStore } from "./store";

export type Hours = "auto" | "24" | "12";

/** An IANA name; empty for the browser's own. */
export const zoneChoice = createStore<string>(known(recall("time_zone") ?? ""));
const stored = recall("hours");
export const hoursChoice = createStore<Hours>(stored === "24" || stored === "12" ? stored : "auto");

/** A zone that this browser does not know would make every time an error. */
function known(zone: string): string {
  try {
    return zone && new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone ? zone : "";
  } catch {
    return "";
  }
}

export function chooseZone(zone: string) {
  const next = known(zone);
  remember("time_zone", next || null);
  zoneChoice.set(next);
}

export function chooseHours(hours: Hours) {
  remember("hours", hours === "auto" ? null : hours);
  hoursChoice.set(hours);
}

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Whose clocks are shown. */
export const displayZone = (): string => zoneChoice.get() || browserZone();

/** For every format of a time of day. */
export function timeOptions(): Intl.DateTimeFormatOptions {
  const zone = zoneChoice.get();
  const hours = hoursChoice.get();
  return { ...(zone ? { timeZone: zone } : {}), ...(hours === "auto" ? {} : { hour12: hours === "12" }) };
}
