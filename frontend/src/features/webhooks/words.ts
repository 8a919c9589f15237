// A webhook and its deliveries in words. Pure.
import { plural } from "~/lib/format";
import type { Attempt, Delivery, DeliveryState, QuietHours, Rules, Webhook, Weekday } from "./contract";
import { eventName, sortedEvents } from "./formats";

export const DAYS: readonly { day: Weekday; short: string; name: string }[] = [
  { day: "mon", short: "Mo", name: "Monday" },
  { day: "tue", short: "Tu", name: "Tuesday" },
  { day: "wed", short: "We", name: "Wednesday" },
  { day: "thu", short: "Th", name: "Thursday" },
  { day: "fri", short: "Fr", name: "Friday" },
  { day: "sat", short: "Sa", name: "Saturday" },
  { day: "sun", short: "Su", name: "Sunday" },
];

/** 1st, 2nd, 3rd, 11th, 22nd */
export function ordinal(n: number): string {
  const tens = n % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ending}`;
}

/** "Mon–Fri", "Sat, Sun"; nothing for every day. */
export function daysInWords(days: readonly Weekday[] | null | undefined): string {
  if (!days || days.length === 0 || days.length === DAYS.length) return "";
  const at = DAYS.map(({ day }, index) => (days.includes(day) ? index : -1)).filter((index) => index >= 0);
  const short = (index: number) => DAYS[index]?.name.slice(0, 3) ?? "";
  const first = at[0] ?? 0;
  const last = at.at(-1) ?? 0;
  if (at.length > 2 && last - first === at.length - 1) return `${short(first)}–${short(last)}`;
  return at.map(short).join(", ");
}

export function quietInWords({ from, to, timezone, days }: QuietHours): string {
  const on = daysInWords(days);
  return `quiet ${from}–${to}${on ? ` ${on}` : ""}, ${timezone}`;
}

/** What it is told of, and when not: "Failed, recovered · only when it changes · quiet 22:00–07:00, Europe/Berlin" */
export function hearsInWords({ events, rules }: Pick<Webhook, "events" | "rules">): string {
  const [first = "Nothing", ...others] = sortedEvents(events).map(eventName);
  const told = [first, ...others.map((name) => name.toLowerCase())].join(", ");
  return [told, ...rulesInWords(rules)].join(" · ");
}

export function rulesInWords({ on_change, every_nth_failure, quiet_hours }: Rules): string[] {
  const again = every_nth_failure ? `every ${ordinal(every_nth_failure)} failure` : null;
  const change = on_change ? (again ? `on change and ${again}` : "only on change") : again && `only ${again}`;
  return [change, quiet_hours ? quietInWords(quiet_hours) : null].filter((part) => part !== null);
}

export const STATE_WORDS: Record<DeliveryState, { word: string; means: string }> = {
  pending: { word: "Waiting", means: "It is tried at its time. Messages about one script arrive in order." },
  delivering: { word: "Sending", means: "The receiver has not answered yet." },
  delivered: { word: "Delivered", means: "The receiver answered that it has it." },
  failed: { word: "Failed", means: "It was given up. Send it again once the receiver is mended." },
  cancelled: { word: "Cancelled", means: "The webhook was switched off before it was sent." },
  quiet: { word: "Held back", means: "It happened in quiet hours, and is sent when they are over." },
};

/** What the receiver did with one attempt: "answered 503", "connection refused". */
export const attemptInWords = ({ status, error }: Pick<Attempt, "status" | "error">): string =>
  status !== null ? `answered ${status}` : (error ?? "no answer");

export const wasTaken = ({ status, error }: Pick<Attempt, "status" | "error">): boolean =>
  error === null && status !== null && status >= 200 && status < 300;

/** What to do about an attempt that was not taken, where its answer tells. */
export function remedyOf({ status, error }: Pick<Attempt, "status" | "error">): string | null {
  if (status === 401 || status === 403)
    return "The receiver does not accept this address or its signature. Make a new address there.";
  if (status === 404 || status === 410)
    return "There is nothing at this address any more. Make a new one at the receiver and write it here.";
  if (status === 400 || status === 422) return "The receiver does not understand the body. Check the format.";
  if (status === 413) return "The body is too large for the receiver.";
  if (status === 429) return "The receiver wants fewer messages. Choose fewer events, or only on change.";
  if (status !== null && status >= 300 && status < 400)
    return "It leads elsewhere, and redirections are not followed. Write the address that it leads to.";
  if (status !== null && status >= 500) return "The receiver has trouble of its own: look there.";
  const words = error?.toLowerCase() ?? "";
  // It says so itself.
  if (words.includes("settings")) return null;
  if (/dns|resolve|lookup|name or service/.test(words)) return "Check the spelling of the host's name.";
  if (/certificate|tls|ssl/.test(words)) return "The receiver's certificate is not valid for this name.";
  if (/timed? ?out|refused|unreachable|connect/.test(words))
    return "Check that the receiver runs and can be reached from the container of PyTask-Manager.";
  return null;
}

export const attemptsInWords = (delivery: Pick<Delivery, "attempts">): string =>
  delivery.attempts.length === 0 ? "not tried yet" : plural(delivery.attempts.length, "attempt");

/** JSON is set out to be read; anything else stays as it is. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
