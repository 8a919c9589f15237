// Numbers and times as people read them. Pure but for how this browser shows times; `now` is an argument.
import { timeOptions } from "./time-display";

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  do {
    value /= 1024;
    unit++;
  } while (value >= 1023.95 && unit < units.length - 1);
  return `${trim(value)} ${units[unit]}`;
}

const trim = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ""));

/** 340 ms, 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60 * 24) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.floor(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

const pair = (a: number, unitA: string, b: number, unitB: string) =>
  b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;

/** Seconds that tick once a second, for something still running: 7 s, not 7.3 s. */
export function formatElapsed(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.floor(Math.max(0, milliseconds) / 1000)} s` : formatDuration(milliseconds);
}

export function formatRelative(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  const ago = (text: string) => (seconds >= 0 ? `${text} ago` : `in ${text}`);
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  if (distance < 60) return ago(`${distance} s`);
  if (distance < 3600) return ago(`${Math.floor(distance / 60)} min`);
  if (distance < 86_400) return ago(`${Math.floor(distance / 3600)} h`);
  if (distance < 86_400 * 14) return ago(`${Math.floor(distance / 86_400)} d`);
  const { timeZone } = timeOptions();
  return at.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric", timeZone });
}

/** The moment in full with its zone, for the hover of a relative time. */
export function formatAbsolute(at: Date): string {
  return at.toLocaleString(undefined, {
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    ...timeOptions(),
  });
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** 20:05:06.789, of a line of a log: always with 24 hours, so that columns line up. */
export function formatClock(at: Date): string {
  const { timeZone } = timeOptions();
  if (timeZone) {
    const clock =
      clocks.get(timeZone) ??
      new Intl.DateTimeFormat("en-GB", {
        timeZone,
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        fractionalSecondDigits: 3,
        hourCycle: "h23",
      });
    clocks.set(timeZone, clock);
    return clock.format(at);
  }
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
