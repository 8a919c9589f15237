// Packages, locks and the differences between them, as they are shown. Pure.
import type { LockChanges, Package } from "~/api/types";

/** "requests[socks]>=2" → "[socks]>=2": the name is in the column before. */
export const versionsAsked = (requirement: string): string =>
  requirement
    .trim()
    .replace(/^[\w.-]+/, "")
    .trim() || "any";

export const isDirect = (each: Package): boolean => each.direct || each.asked != null;

/** What is asked for, and what that brought along; both by name. */
export function inTwo(packages: readonly Package[]): { direct: Package[]; brought: Package[] } {
  const sorted = [...packages].sort((a, b) => a.name.localeCompare(b.name));
  return { direct: sorted.filter(isDirect), brought: sorted.filter((each) => !isDirect(each)) };
}

/** "requests, httpx and 3 more" */
export function neededBy(names: readonly string[], most = 2): string {
  if (names.length > most + 1) return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const release = (version: string): number[] =>
  (/^(?:\d+!)?v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? "").split(".").map(Number);

/** Whether `newest` is past `have`. With a cool-down it may be before it: then there is nothing to move to. */
export function isNewer(newest: string | null | undefined, have: string | null | undefined): boolean {
  if (!newest || !have || newest === have) return false;
  const [a, b] = [release(newest), release(have)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // Only the suffix differs: a release is past its candidates, and a post-release past its release.
  const isPre = (version: string) => /\d(a|b|rc|\.?dev)\d/.test(version);
  return isPre(have) ? !isPre(newest) || newest > have : /post/.test(newest);
}

export const updatable = (each: Package): boolean => isNewer(each.newest, each.locked ?? each.installed);

export interface DiffRow {
  name: string;
  kind: "added" | "removed" | "changed";
  from: string | null;
  to: string | null;
}

export function diffRows({ added, removed, changed }: LockChanges): DiffRow[] {
  return [
    ...changed.map(({ name, from, to }): DiffRow => ({ name, kind: "changed", from, to })),
    ...added.map(({ name, version }): DiffRow => ({ name, kind: "added", from: null, to: version })),
    ...removed.map(({ name, version }): DiffRow => ({ name, kind: "removed", from: version, to: null })),
  ];
}

/** "3 changed, 1 added, 2 removed"; null if nothing is. */
export function diffWords({ added, removed, changed }: LockChanges): string | null {
  const words = [
    changed.length > 0 ? `${changed.length} changed` : null,
    added.length > 0 ? `${added.length} added` : null,
    removed.length > 0 ? `${removed.length} removed` : null,
  ].filter(Boolean);
  return words.length > 0 ? words.join(", ") : null;
}

/** "docopt, pyyaml" or one a line → names, each once. */
export const namesIn = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))];
