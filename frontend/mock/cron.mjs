// Enough of cron for the pretend server: five fields or a nickname, fires through changes of the clocks, plain words,
// and refusals that say where. The product's own reading is in src/scheduler.
import { Temporal } from "temporal-polyfill";

const PARTS = ["minute", "hour", "day of month", "month", "day of week"];
const BOUNDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const NICKNAMES = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
};

export class BadExpression extends Error {
  constructor(message, part, begin, end) {
    super(message);
    Object.assign(this, { part, begin, end });
  }
}

function numberOf(text, field, begin) {
  const names = field === 3 ? MONTHS : field === 4 ? DAYS : [];
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return field === 3 ? named + 1 : named;
  const [least, most] = BOUNDS[field];
  if (!/^\d+$/.test(text))
    throw new BadExpression(
      `“${text}” is not a ${PARTS[field]}.`,
      PARTS[field],
      begin,
      begin + Math.max(1, text.length),
    );
  const value = Number(text);
  if (value < least || value > most)
    throw new BadExpression(
      `The ${PARTS[field]} must be from ${least} to ${most}, not ${value}.`,
      PARTS[field],
      begin,
      begin + text.length,
    );
  return value;
}

function fieldOf(text, field, begin) {
  const found = new Set();
  let at = begin;
  for (const item of text.split(",")) {
    const [range, step] = item.split("/");
    const [least, most] = BOUNDS[field];
    const [from, to] =
      range === "*"
        ? [least, field === 4 ? 6 : most]
        : range.split("-").map((each, i) => numberOf(each, field, at + (i ? range.indexOf("-") + 1 : 0)));
    const last = to ?? (step ? most : from);
    const by = step === undefined ? 1 : Number(step);
    if (!(by > 0))
      throw new BadExpression(`“${step}” is not a step.`, PARTS[field], at + range.length + 1, at + item.length);
    if (last < from) throw new BadExpression(`The range ${range} runs backwards.`, PARTS[field], at, at + range.length);
    for (let value = from; value <= last; value += by) found.add(field === 4 ? value % 7 : value);
    at += item.length + 1;
  }
  return found;
}

export function parse(expression) {
  const text = NICKNAMES[expression.trim()] ?? expression;
  const words = [...text.matchAll(/\S+/g)];
  if (words.length !== 5)
    throw new BadExpression(
      words.length < 5
        ? `An expression has five fields, and this one has ${words.length}: the ${PARTS[words.length]} is missing.`
        : "An expression has five fields, and this one has more.",
      PARTS[words.length] ?? null,
      words[5]?.index ?? expression.length,
      words[5] ? expression.length : expression.length,
    );
  const fields = words.map((word, field) => fieldOf(word[0], field, word.index));
  return { fields, words: words.map((word) => word[0]) };
}

const two = (n) => String(n).padStart(2, "0");
const among = (set, name) => [...set].sort((a, b) => a - b).map(name);
const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

export function describeCron(expression) {
  const { fields, words } = parse(expression);
  const [minutes, hours, days, months, weekdays] = fields;
  const [minute, hour, day, month, weekday] = words;
  const every = (word) => /^\*\/(\d+)$/.exec(word)?.[1];
  let time;
  if (every(minute) && hour === "*") time = `Every ${every(minute)} minutes`;
  else if (minute === "*" && hour === "*") time = "Every minute";
  else if (hour === "*") time = `${[...minutes].map((m) => `${m} minutes`).join(", ")} past every hour`;
  else if (every(hour)) time = `Every ${every(hour)} hours at minute ${minute}`;
  else
    time = `At ${list(
      [...hours]
        .sort((a, b) => a - b)
        .flatMap((h) => among(minutes, (m) => `${two(h)}:${two(m)}`))
        .slice(0, 6),
    )}`;
  if (day !== "*") time += ` on day ${list(among(days, String))} of the month`;
  if (weekday !== "*")
    time += /^\d-\d$|^\w{3}-\w{3}$/.test(weekday)
      ? ` on ${DAY_NAMES[Math.min(...weekdays)]} through ${DAY_NAMES[Math.max(...weekdays)]}`
      : ` on ${list(among(weekdays, (d) => DAY_NAMES[d]))}`;
  if (month !== "*")
    time += ` in ${list(among(months, (m) => MONTHS[m - 1][0].toUpperCase() + MONTHS[m - 1].slice(1)))}`;
  return time;
}

function matchesDay(fields, words, date) {
  if (!fields[3].has(date.month)) return false;
  const byDay = fields[2].has(date.day);
  const byWeekday = fields[4].has(date.dayOfWeek % 7);
  return words[2] !== "*" && words[4] !== "*" ? byDay || byWeekday : byDay && byWeekday;
}

/** Fires after one instant and before another, as {at, mark}. */
export function fires(expression, zone, after, before, most = 5000) {
  const { fields, words } = parse(expression);
  const found = [];
  let date = Temporal.Instant.fromEpochMilliseconds(after).toZonedDateTimeISO(zone).toPlainDate();
  for (let days = 0; days < 4000 && found.length < most; days++, date = date.add({ days: 1 })) {
    if (date.toZonedDateTime(zone).epochMilliseconds >= before) break;
    if (!matchesDay(fields, words, date)) continue;
    for (const hour of [...fields[1]].sort((a, b) => a - b))
      for (const minute of [...fields[0]].sort((a, b) => a - b)) {
        const plain = date.toPlainDateTime({ hour, minute });
        const early = plain.toZonedDateTime(zone, { disambiguation: "earlier" });
        const late = plain.toZonedDateTime(zone, { disambiguation: "later" });
        const ms = plain.toZonedDateTime(zone).epochMilliseconds;
        const twice = early.epochMilliseconds !== late.epochMilliseconds;
        const exists = early.toPlainDateTime().equals(plain);
        const mark = !exists ? "moved" : twice ? "once_of_two" : "usual";
        if (ms > after && ms < before && found.length < most) found.push({ at: new Date(ms).toISOString(), mark });
      }
  }
  return found;
}

export const isZone = (zone) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

/** Changes of a zone's clocks within a span, in words. */
export function clockChanges(zone, from, to) {
  const found = [];
  let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone);
  for (;;) {
    const next = at.getTimeZoneTransition("next");
    if (!next || next.epochMilliseconds >= to) return found;
    const before = next.subtract({ seconds: 1 });
    const minutes = (next.offsetNanoseconds - before.offsetNanoseconds) / 6e10;
    const clock = before.add({ seconds: 1 }).toPlainTime().toString().slice(0, 5);
    found.push({
      zone,
      at: new Date(next.epochMilliseconds).toISOString(),
      note: `Clocks go ${minutes > 0 ? "forward" : "back"} ${Math.abs(minutes) / 60} h to ${clock}`,
    });
    at = next;
  }
}
