// Tags of several scripts at once: which all of them have, which some, and what is to be sent for what was chosen. Pure.
import type { ListedScript } from "../../contract";

export type Share = "all" | "some" | "none";

export function shareOf(tag: string, scripts: readonly Pick<ListedScript, "tags">[]): Share {
  const having = scripts.filter((script) => script.tags.includes(tag)).length;
  return having === 0 ? "none" : having === scripts.length ? "all" : "some";
}

/** What was chosen: on or off for all of them. What was not touched stays as it is, also where only some have it. */
export type Wishes = ReadonlyMap<string, boolean>;

/** One press: what not all have is given to all, what all have is taken from all. */
export function pressed(wishes: Wishes, tag: string, share: Share): Wishes {
  const next = new Map(wishes);
  const now = wishes.get(tag) ?? (share === "all" ? true : share === "none" ? false : undefined);
  const wish = !(now ?? false);
  if ((wish && share === "all") || (!wish && share === "none")) next.delete(tag);
  else next.set(tag, wish);
  return next;
}

export function plan(wishes: Wishes): { add: string[]; remove: string[] } {
  const of = (on: boolean) => [...wishes].filter(([, wish]) => wish === on).map(([tag]) => tag);
  return { add: of(true), remove: of(false) };
}

/** Why a text cannot be a tag; null where it can. */
export function wrongTag(text: string): string | null {
  if (text.includes(",")) return "A tag has no comma.";
  return text.length > 40 ? "At most 40 characters." : null;
}
