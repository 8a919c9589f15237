// The form of a webhook as text that may be half typed, and the body it stands for. Pure.
import type { Format, HookEvent, NewWebhook, QuietHours, Rules, Webhook, WebhookPatch, Weekday } from "./contract";
import { aboutFormat, sortedEvents } from "./formats";

/** What becomes of the signature: as it is, none, or a new secret (the first, or instead of the one there is). */
export type Signing = "keep" | "none" | "generate";

export interface Draft {
  name: string;
  /** Empty keeps the address of a webhook that there is: the whole of it is not told again. */
  url: string;
  format: Format;
  /** Chosen by hand: an address does not change it any more. */
  formatChosen: boolean;
  template: string;
  contentType: string;
  events: HookEvent[];
  onChange: boolean;
  repeat: boolean;
  nth: string;
  quiet: boolean;
  from: string;
  to: string;
  zone: string;
  days: Weekday[];
  signing: Signing;
}

export const WEEK: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export const FIRST_TEMPLATE = `{
  "text": {{ title|tojson }},
  "details": {{ summary|tojson }}
}
`;

export const newDraft = (zone: string): Draft => ({
  name: "",
  url: "",
  format: "generic",
  formatChosen: false,
  template: FIRST_TEMPLATE,
  contentType: "application/json",
  // What somebody wants who does not want to be disturbed for nothing.
  events: ["failed", "recovered"],
  onChange: true,
  repeat: false,
  nth: "10",
  quiet: false,
  from: "22:00",
  to: "07:00",
  zone,
  days: [...WEEK],
  signing: "none",
});

export function draftOf(webhook: Webhook, zone: string): Draft {
  const { on_change, every_nth_failure, quiet_hours } = webhook.rules;
  const fresh = newDraft(zone);
  return {
    ...fresh,
    name: webhook.name,
    format: webhook.format,
    formatChosen: true,
    template: webhook.template ?? fresh.template,
    contentType: webhook.content_type ?? fresh.contentType,
    events: sortedEvents(webhook.events),
    onChange: on_change,
    repeat: every_nth_failure !== null,
    nth: every_nth_failure === null ? fresh.nth : String(every_nth_failure),
    quiet: quiet_hours !== null,
    ...(quiet_hours
      ? {
          from: quiet_hours.from,
          to: quiet_hours.to,
          zone: quiet_hours.timezone,
          days: quiet_hours.days && quiet_hours.days.length > 0 ? quiet_hours.days : [...WEEK],
        }
      : {}),
    signing: "keep",
  };
}

export type Errors = Partial<Record<keyof Draft, string>>;

/** What it is called if nobody says: a well-known receiver by its name, any other by its host. */
export function nameOf({ format, url }: Pick<Draft, "format" | "url">): string {
  if (format !== "generic" && format !== "template") return aboutFormat(format).name;
  try {
    return new URL(url.trim()).hostname || aboutFormat(format).name;
  } catch {
    return aboutFormat(format).name;
  }
}

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

function wrongAddress(url: string): string | null {
  if (/^[a-z]+:/i.test(url) && !/^https?:/i.test(url)) return "It begins with https:// or http://.";
  try {
    return new URL(url).hostname === "" ? "A whole address, such as https://example.org/hook." : null;
  } catch {
    return "A whole address, such as https://example.org/hook.";
  }
}

/** What is typed as the API takes it, or what is wrong and where. `known`: there is a webhook, and it keeps its address. */
export function read(
  draft: Draft,
  known: boolean,
): { body: NewWebhook; errors: null } | { body: null; errors: Errors } {
  const errors: Errors = {};
  const url = draft.url.trim();
  if (url === "" && !known) errors.url = "It needs an address to send to.";
  const wrong = url === "" ? null : wrongAddress(url);
  if (wrong) errors.url = wrong;
  if (draft.events.length === 0) errors.events = "Choose at least one: otherwise it is never told anything.";
  const nth = /^\d{1,6}$/.test(draft.nth.trim()) ? Number(draft.nth) : 0;
  if (draft.repeat && nth < 2) errors.nth = "A whole number above one.";
  if (draft.quiet) {
    if (!CLOCK.test(draft.from)) errors.from = "A time such as 22:00.";
    if (!CLOCK.test(draft.to)) errors.to = "A time such as 07:00.";
    // The same time twice is a whole day.
    else if (draft.from === draft.to && draft.days.length === WEEK.length)
      errors.to = "Whole days, and all of them: nothing would ever be sent. Switch the webhook off instead.";
    if (draft.days.length === 0) errors.days = "Choose at least one day.";
  }
  if (draft.format === "template") {
    if (draft.template.trim() === "") errors.template = "Write the body that is to be sent.";
    if (!/^[\w.+-]+\/[\w.+-]+(;.*)?$/.test(draft.contentType.trim()))
      errors.contentType = "A type such as application/json or text/plain.";
  }
  if (Object.keys(errors).length > 0) return { body: null, errors };
  const own = draft.format === "template";
  const quiet_hours: QuietHours | null = draft.quiet
    ? {
        from: draft.from,
        to: draft.to,
        timezone: draft.zone,
        ...(draft.days.length < WEEK.length ? { days: WEEK.filter((day) => draft.days.includes(day)) } : {}),
      }
    : null;
  return {
    errors: null,
    body: {
      name: draft.name.trim() || nameOf(draft),
      url,
      format: draft.format,
      template: own ? draft.template : null,
      content_type: own ? draft.contentType.trim() : null,
      events: sortedEvents(draft.events),
      rules: { on_change: draft.onChange, every_nth_failure: draft.repeat ? nth : null, quiet_hours },
      ...(draft.signing === "generate" ? { secret: "generate" } : draft.signing === "none" ? { secret: null } : {}),
    },
  };
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Only what differs, so that a change made elsewhere meanwhile stays. */
export function patchOf(webhook: Webhook, body: NewWebhook): WebhookPatch {
  const patch: WebhookPatch = {};
  if (body.name !== webhook.name) patch.name = body.name;
  if (body.url) patch.url = body.url;
  if (body.format !== webhook.format) patch.format = body.format;
  if ((body.template ?? null) !== webhook.template) patch.template = body.template ?? null;
  if ((body.content_type ?? null) !== webhook.content_type) patch.content_type = body.content_type ?? null;
  if (body.events && !same(body.events, sortedEvents(webhook.events))) patch.events = body.events;
  if (body.rules && !same(plain(body.rules), plain(webhook.rules))) patch.rules = body.rules;
  if (body.secret !== undefined && !(body.secret === null && !webhook.has_secret)) patch.secret = body.secret;
  return patch;
}

/** Rules in one shape, to be compared: no `days` mean all of them. */
const plain = ({ on_change, every_nth_failure, quiet_hours: quiet }: Rules) => [
  on_change,
  every_nth_failure,
  quiet && [
    quiet.from,
    quiet.to,
    quiet.timezone,
    WEEK.filter((day) => !quiet.days?.length || quiet.days.includes(day)),
  ],
];

const FIELDS: Record<string, keyof Draft> = {
  name: "name",
  url: "url",
  format: "format",
  template: "template",
  content_type: "contentType",
  events: "events",
  "rules.every_nth_failure": "nth",
  "rules.on_change": "onChange",
  "rules.quiet_hours": "from",
  "rules.quiet_hours.from": "from",
  "rules.quiet_hours.to": "to",
  "rules.quiet_hours.timezone": "zone",
  "rules.quiet_hours.days": "days",
  secret: "signing",
};

/** The part of the form that a refused field of the API is about. */
export const fieldOf = (field: string | null): keyof Draft | null => (field ? (FIELDS[field] ?? null) : null);

/** Which line of a template a refusal is about, where it tells. */
export function lineOf(message: string, details: Readonly<Record<string, unknown>>): number | null {
  if (typeof details.line === "number" && details.line > 0) return details.line;
  const found = /\bline (\d+)/i.exec(message) ?? /:(\d+)\)?$/.exec(message);
  return found ? Number(found[1]) : null;
}

/** Where a line begins and ends in a text, for selecting it; lines count from 1. */
export function spanOfLine(text: string, line: number): [from: number, to: number] {
  const lines = text.split("\n");
  const at = Math.min(Math.max(1, line), lines.length) - 1;
  const from = lines.slice(0, at).reduce((sum, each) => sum + each.length + 1, 0);
  return [from, from + (lines[at]?.length ?? 0)];
}
