// Moments on the clocks of a zone. Pure but for the viewer's own zone, which the browser or its owner tells.
import { displayZone } from "~/lib/time-display";

export const viewerZone = displayZone;

/** Making a format is slow, and lists ask for the same one again and again. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: known(zone) });
    formats.set(key, format);
  }
  return format;
}

/** A zone that this browser does not know, or that is still being typed, is shown as UTC rather than not at all. */
function known(zone: string): string {
  return isZone(zone) ? zone : "UTC";
}

export function isZone(zone: string): boolean {
  try {
    return zone !== "" && Boolean(Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const DAY = { weekday: "short", day: "numeric", month: "short" } as const;

/** "02:30" */
export const clockIn = (at: string, zone: string): string => formatFor(zone, CLOCK).format(new Date(at));

/** "Wed 25 Nov", with the year where it is not this one. */
export function dayIn(at: string, zone: string, now = new Date()): string {
  const date = new Date(at);
  const year = formatFor(zone, { year: "numeric" });
  const sameYear = year.format(date) === year.format(now);
  return formatFor(zone, sameYear ? DAY : { ...DAY, year: "numeric" })
    .format(date)
    .replace(",", "");
}

/** "Wed 25 Nov, 02:30" */
export const momentIn = (at: string, zone: string, now?: Date): string =>
  `${dayIn(at, zone, now)}, ${clockIn(at, zone)}`;

/** "2026-11-25", for comparing days. */
export const dateIn = (at: string | number, zone: string): string => {
  const parts = formatFor(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date(at));
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
};

/** What `<input type="datetime-local">` holds for a moment on a zone's clocks. */
export const localIn = (at: string, zone: string): string => `${dateIn(at, zone)}T${clockIn(at, zone)}`;

const words = (text: string) => text.toLowerCase().replaceAll("_", " ");

/** Zones in which every typed word occurs; those that begin with the first word of a place come first. */
export function searchZones(zones: readonly string[], typed: string, first: readonly string[] = []): string[] {
  const wanted = words(typed)
    .split(/[\s/]+/)
    .filter(Boolean);
  const found = [...new Set([...first, ...zones])].filter((zone) => wanted.every((word) => words(zone).includes(word)));
  const [lead] = wanted;
  if (!lead) return found;
  const leads = (zone: string) =>
    words(zone)
      .split("/")
      .some((place) => place.startsWith(lead));
  return [...found.filter(leads), ...found.filter((zone) => !leads(zone))];
}
