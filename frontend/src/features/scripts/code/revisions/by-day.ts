// Revisions in the words and the groups of the list. Pure.
import type { Revision, RevisionBy } from "../contract";

export interface Day {
  key: string;
  title: string;
  revisions: Revision[];
}

const dayOf = (at: Date) =>
  `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

function titleOf(at: Date, now: Date): string {
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (dayOf(at) === dayOf(now)) return "Today";
  if (dayOf(at) === dayOf(yesterday)) return "Yesterday";
  const sameYear = at.getFullYear() === now.getFullYear();
  return at.toLocaleDateString("en", {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** As they come, newest first, under the days of the viewer's clocks. */
export function byDay(revisions: readonly Revision[], now: Date): Day[] {
  const days: Day[] = [];
  for (const revision of revisions) {
    const at = new Date(revision.created_at);
    const key = dayOf(at);
    const last = days.at(-1);
    if (last?.key === key) last.revisions.push(revision);
    else days.push({ key, title: titleOf(at, now), revisions: [revision] });
  }
  return days;
}

const BY: Record<RevisionBy, string> = {
  created: "with the script",
  editor: "in the editor",
  api: "through the API",
  restore: "by a restore",
  import: "by an import",
  dependencies: "with the dependencies",
  outside: "outside the app",
  template: "from a template",
  duplicate: "from another script",
};
/** Who or what made it; newer servers may know more. */
export const byWords = (by: string): string => BY[by as RevisionBy] ?? by;

/** "main.py, helpers.py and 3 more" */
export function changedWords(revision: Pick<Revision, "changed" | "changed_count">, most = 2): string {
  const names = revision.changed.slice(0, most).map((each) => each.path);
  const more = revision.changed_count - names.length;
  if (names.length === 0) return more > 0 ? `${more} files` : "nothing";
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
