// Which scripts the list shows, and in which order. Pure and fast: it is done anew at every key that is typed.
import type { ListedScript } from "../contract";
import { type Filters, listOf, type Sort } from "./search";

/** How the last run ended; of one that has not, that it is active. */
export function lastOutcome({ last_run }: Pick<ListedScript, "last_run">): string {
  if (!last_run) return "none";
  return last_run.state === "finished" ? (last_run.outcome?.kind ?? "lost") : "active";
}

/** What a script is found by, in small letters. Worked out once per script as it was read. */
const texts = new WeakMap<ListedScript, string>();
function textOf(script: ListedScript): string {
  let text = texts.get(script);
  if (text === undefined) {
    text = [script.name, script.description, ...script.tags].join("\n").toLowerCase();
    texts.set(script, text);
  }
  return text;
}

/** Every word occurs somewhere in name, description or tags. */
export function withWords(scripts: readonly ListedScript[], typed: string): readonly ListedScript[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? scripts : scripts.filter((each) => words.every((word) => textOf(each).includes(word)));
}

export function fitting(scripts: readonly ListedScript[], filters: Filters): readonly ListedScript[] {
  const tags = listOf(filters.tags);
  const outcomes = listOf(filters.outcome);
  const environments = listOf(filters.environment);
  const { scheduled, paused } = filters;
  return scripts.filter(
    (script) =>
      tags.every((tag) => script.tags.includes(tag)) &&
      (outcomes.length === 0 || outcomes.includes(lastOutcome(script))) &&
      (environments.length === 0 || environments.includes(script.environment.state)) &&
      (scheduled === undefined || script.schedules > 0 === scheduled) &&
      (paused === undefined || script.paused === paused),
  );
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const MOMENTS: Record<Exclude<Sort, "name">, (script: ListedScript) => string | undefined> = {
  last_run: (script) => script.last_run?.queued_at,
  next_run: (script) => script.next_fire?.at,
};

/** By name; by the last run, the latest first; by the next run, the soonest first. What has no such moment comes last. */
export function ordered(scripts: readonly ListedScript[], sort: Sort, reverse: boolean): readonly ListedScript[] {
  const turn = reverse ? -1 : 1;
  const byName = (a: ListedScript, b: ListedScript) => names.compare(a.name, b.name);
  if (sort === "name") return [...scripts].sort((a, b) => turn * byName(a, b));
  const momentOf = MOMENTS[sort];
  const direction = sort === "last_run" ? -turn : turn;
  return [...scripts].sort((a, b) => {
    const [one, other] = [momentOf(a), momentOf(b)];
    if (one === undefined || other === undefined)
      return Number(one === undefined) - Number(other === undefined) || byName(a, b);
    return direction * (Date.parse(one) - Date.parse(other)) || byName(a, b);
  });
}
