// A bar a day, stacked: succeeded below, then failed, then the rest. Small enough to be plain elements; the numbers
// are in the table that screen readers get and in each bar's title.
import type { Dashboard } from "~/api/types";
import { plural } from "~/lib/format";

type Day = Dashboard["outcomes_by_day"][number];

const PARTS = [
  { key: "other", tone: "bg-queue", word: "other" },
  { key: "failed", tone: "bg-fail", word: "failed" },
  { key: "succeeded", tone: "bg-ok", word: "succeeded" },
] as const;

const total = (day: Day) => day.succeeded + day.failed + day.other;
const dateOf = (day: Day) => new Date(`${day.day.slice(0, 10)}T00:00:00`);
const short = (day: Day) => dateOf(day).toLocaleDateString(undefined, { month: "short", day: "numeric" });
const words = (day: Day) =>
  `${short(day)}: ${PARTS.toReversed()
    .map((part) => `${day[part.key]} ${part.word}`)
    .join(", ")}`;

const DAY_MS = 86_400_000;
const SHOWN = 30;

/** The last thirty UTC days up to today; the server leaves out those without runs. */
export function everyDay(days: readonly Day[], today: Date): Day[] {
  const known = new Map(days.map((day) => [day.day.slice(0, 10), day]));
  return Array.from({ length: SHOWN }, (_, index) => {
    const day = new Date(today.getTime() - (SHOWN - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return known.get(day) ?? { day, succeeded: 0, failed: 0, other: 0 };
  });
}

export function OutcomesByDay({ days: told }: { days: readonly Day[] }) {
  const days = everyDay(told, new Date());
  const highest = Math.max(1, ...days.map(total));
  const sum = days.reduce((all, day) => all + total(day), 0);
  const first = days[0];
  const last = days.at(-1);
  return (
    <div className="p-4">
      <div
        role="img"
        aria-label={days.map(words).join("; ")}
        className="flex h-36 items-end gap-[3px] border-line border-b"
      >
        {days.map((day) => (
          <div
            key={day.day}
            title={words(day)}
            className="group flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-hover"
          >
            {PARTS.map((part) =>
              day[part.key] > 0 ? (
                <div
                  key={part.key}
                  className={`${part.tone} mx-auto w-full max-w-7 opacity-85 first-of-type:rounded-t-[2px] group-hover:opacity-100 [&+&]:mt-px`}
                  style={{ height: `${(day[part.key] / highest) * 100}%`, minHeight: 2 }}
                />
              ) : null,
            )}
          </div>
        ))}
      </div>
      <div className="mt-1 flex justify-between text-ink-3 text-xs">
        <span>{first ? short(first) : ""}</span>
        <span>{last && last !== first ? short(last) : ""}</span>
      </div>
      <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-ink-2 text-xs">
        {PARTS.toReversed().map((part) => (
          <span key={part.key} className="inline-flex items-center gap-1.5">
            <span aria-hidden className={`size-2 rounded-[2px] ${part.tone}`} />
            <span className="num">{days.reduce((all, day) => all + day[part.key], 0)}</span> {part.word}
          </span>
        ))}
        <span className="ml-auto text-ink-3">{plural(sum, "run")}</span>
      </div>
    </div>
  );
}
