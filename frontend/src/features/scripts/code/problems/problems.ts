// What is wrong in the script's files, whoever found it: each source says all it knows of a file, again and again; the
// list is what all of them say. Pure, but for the one store per script that the page shares.
import { createStore, type Store } from "~/lib/store";

export type Severity = "error" | "warning" | "info";

export interface Problem {
  path: string;
  severity: Severity;
  message: string;
  /** Such as a rule's code. */
  code?: string | undefined;
  line: number;
  column: number;
}

/** Source → path → what it says of that file. */
export type Problems = ReadonlyMap<string, ReadonlyMap<string, readonly Problem[]>>;

export interface Found extends Problem {
  source: string;
}

const GRAVITY: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

export function reported(known: Problems, source: string, path: string, problems: readonly Problem[]): Problems {
  const files = new Map(known.get(source));
  if (problems.length > 0) files.set(path, problems);
  else if (!files.delete(path)) return known;
  const next = new Map(known);
  if (files.size > 0) next.set(source, files);
  else next.delete(source);
  return next;
}

/** By file, then by line; in a line the gravest first. */
export function listed(known: Problems): Found[] {
  const found = [...known].flatMap(([source, files]) =>
    [...files.values()].flatMap((problems) => problems.map((problem) => ({ ...problem, source }))),
  );
  return found.sort(
    (a, b) =>
      (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
      a.line - b.line ||
      GRAVITY[a.severity] - GRAVITY[b.severity] ||
      a.column - b.column,
  );
}

export const worst = (found: readonly Found[]): Severity | null =>
  found.reduce<Severity | null>(
    (grave, each) => (grave === null || GRAVITY[each.severity] < GRAVITY[grave] ? each.severity : grave),
    null,
  );

const stores = new Map<string, Store<Problems>>();

export function problemsOf(scriptId: string): Store<Problems> {
  let store = stores.get(scriptId);
  if (!store) {
    store = createStore<Problems>(new Map());
    stores.set(scriptId, store);
  }
  return store;
}

/** A source's word on a file; an empty list takes back what it said. */
export function report(scriptId: string, source: string, path: string, problems: readonly Problem[]) {
  const store = problemsOf(scriptId);
  store.set(reported(store.get(), source, path, problems));
}
