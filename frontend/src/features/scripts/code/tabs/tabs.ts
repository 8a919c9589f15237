// Which files are open as tabs, in which order. The active one is in the address; these are kept per window. Pure.
import { movedPath } from "../tree/paths";

/** With `path` among them: where it is, or else right of `beside`. */
export function withTab(tabs: readonly string[], path: string, beside: string | null): readonly string[] {
  if (tabs.includes(path)) return tabs;
  const at = beside === null ? -1 : tabs.indexOf(beside);
  return at < 0 ? [...tabs, path] : tabs.toSpliced(at + 1, 0, path);
}

/** What is shown once `path` is closed while `active` is: the right neighbour, else the left one, else nothing. */
export function afterClosing(tabs: readonly string[], path: string, active: string): string | null {
  if (path !== active) return active;
  const at = tabs.indexOf(path);
  return tabs[at + 1] ?? tabs[at - 1] ?? null;
}

/** Puts a tab where another one is, as by dragging. */
export function movedTab(tabs: readonly string[], path: string, to: number): readonly string[] {
  const from = tabs.indexOf(path);
  if (from < 0 || from === to) return tabs;
  return tabs.toSpliced(from, 1).toSpliced(to, 0, path);
}

/** After a file or folder got another name. */
export const renamedTabs = (tabs: readonly string[], from: string, to: string): readonly string[] => [
  ...new Set(tabs.map((tab) => movedPath(tab, from, to) ?? tab)),
];

/** Without what is at or below a path that is gone. */
export const withoutTabs = (tabs: readonly string[], gone: string): readonly string[] =>
  tabs.filter((tab) => movedPath(tab, gone, gone) === null);

/** The shortest words that tell tabs of one name apart: the name, else with the folder it is in. */
export function tabNames(tabs: readonly string[]): ReadonlyMap<string, { name: string; folder: string | null }> {
  const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const counts = new Map<string, number>();
  for (const tab of tabs) counts.set(name(tab), (counts.get(name(tab)) ?? 0) + 1);
  return new Map(
    tabs.map((tab) => {
      const folder = tab.slice(0, Math.max(0, tab.lastIndexOf("/")));
      return [tab, { name: name(tab), folder: (counts.get(name(tab)) ?? 0) > 1 ? folder || "." : null }];
    }),
  );
}
