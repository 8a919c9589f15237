// A line's time as the reader wants it. Pure.
import { formatClock } from "~/lib/format";

export const TIME_MODES = ["off", "relative", "local", "utc"] as const;
export type TimeMode = (typeof TIME_MODES)[number];

export const TIME_WORDS: Record<TimeMode, string> = {
  off: "No times",
  relative: "Since the start",
  local: "Local time",
  utc: "UTC",
};

export const nextMode = (mode: TimeMode): TimeMode =>
  TIME_MODES[(TIME_MODES.indexOf(mode) + 1) % TIME_MODES.length] ?? "off";

const two = (n: number) => String(n).padStart(2, "0");

export function lineTime(at: string, mode: TimeMode, start: string | null | undefined): string {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return "";
  if (mode === "utc") return moment.toISOString().slice(11, 23);
  if (mode === "local") return formatClock(moment);
  const ms = moment.getTime() - (start ? Date.parse(start) : moment.getTime());
  const sign = ms < 0 ? "−" : "+";
  const whole = Math.floor(Math.abs(ms) / 1000);
  const clock = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return `${sign}${clock}.${String(Math.abs(ms) % 1000).padStart(3, "0")}`;
}
