// Which scripts are chosen. Pure. What is acted on is only what is chosen and shown: nothing happens to a script that
// a filter hides.
export type Chosen = ReadonlySet<string>;

export function toggled(chosen: Chosen, id: string): Chosen {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/**
 * With shift: all from the one that was chosen last to this one become what this one becomes. Where the first is no
 * longer shown, only this one changes.
 */
export function ranged(chosen: Chosen, shown: readonly string[], anchor: string | null, id: string): Chosen {
  const [from, to] = [anchor === null ? -1 : shown.indexOf(anchor), shown.indexOf(id)];
  if (from < 0 || to < 0) return toggled(chosen, id);
  const next = new Set(chosen);
  const on = !chosen.has(id);
  for (const each of shown.slice(Math.min(from, to), Math.max(from, to) + 1))
    if (on) next.add(each);
    else next.delete(each);
  return next;
}

export const chosenOf = (chosen: Chosen, shown: readonly string[]): string[] => shown.filter((id) => chosen.has(id));

/** All that are shown, or none of them where all are. */
export function allOrNone(chosen: Chosen, shown: readonly string[]): Chosen {
  const next = new Set(chosen);
  const all = shown.every((id) => chosen.has(id));
  for (const id of shown)
    if (all) next.delete(id);
    else next.add(id);
  return next;
}
