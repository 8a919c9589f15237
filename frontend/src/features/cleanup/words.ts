// Clean-up in words: names of kinds, and what a report comes to.
import { formatBytes, plural } from "~/lib/format";
import type { Group, Kind, Report, RoomItem } from "./requests";

/** In the order in which they go, as the server has them. */
export const KINDS: readonly Kind[] = [
  "trash",
  "runs",
  "run_directories",
  "folders",
  "environments",
  "leftovers",
  "unused_packages",
  "package_cache",
  "database_copies",
  "supervisors",
  "images",
  "containers",
];

export const NAMES: Record<Kind, string> = {
  trash: "Scripts in the trash",
  runs: "Runs that need not be kept",
  run_directories: "Run directories without a run",
  folders: "Folders without a script",
  environments: "Environments that no script needs",
  leftovers: "What was cut short",
  unused_packages: "Packages that no environment has",
  package_cache: "The rest of the package cache",
  database_copies: "Old copies of the database",
  supervisors: "Supervisors of earlier versions",
  images: "Images that nothing uses",
  containers: "Containers without a run",
};

/** What cannot be fetched or made again. */
const FINAL: ReadonlySet<Kind> = new Set<Kind>(["trash", "runs", "run_directories", "folders"]);

export const isFinal = (kind: Kind): boolean => FINAL.has(kind);

export const ROOM: Record<RoomItem["kind"], string> = {
  files: "Scripts’ own files",
  revisions: "Revisions",
  environments: "Environments",
  runs: "Logs and artifacts",
  package_cache: "Package cache, the rest",
  database: "Database",
  backups: "Backups",
  rest: "The rest, with the reserve",
};

/** The kinds with one more, or one fewer; what is a part of another goes with it. */
export function toggled(kinds: readonly Kind[], kind: Kind): Kind[] {
  const next = new Set(kinds);
  if (next.has(kind)) {
    next.delete(kind);
    if (kind === "unused_packages") next.delete("package_cache");
  } else {
    next.add(kind);
    if (kind === "package_cache") next.add("unused_packages");
  }
  return KINDS.filter((each) => next.has(each));
}

export const chosenOf = (groups: readonly Group[]): Kind[] =>
  groups.filter((group) => group.chosen).map((group) => group.kind);

export const goingOf = (groups: readonly Group[]): Group[] =>
  groups.filter((group) => group.chosen && group.items_count > 0);

/** "freed 1.2 GiB: 2 scripts in the trash, …" */
export function gistOf(report: Report): string {
  const gone = report.groups.filter((group) => group.items > 0);
  if (gone.length === 0) return "Nothing was removed.";
  const parts = gone.map((group) => `${group.items} × ${NAMES[group.kind].toLowerCase()}`);
  return `Freed ${formatBytes(report.freed_bytes)}: ${parts.join(", ")}.`;
}

/** What was to go and is still there, in a few words; `null`: nothing. */
export function leftOf(report: Report): string | null {
  const left = report.groups.reduce((sum, group) => sum + group.left, 0);
  return left > 0 ? `${plural(left, "thing")} stayed` : null;
}

/** `null` for the default. */
export function typedDays(text: string): number | null | "wrong" {
  if (text.trim() === "") return null;
  const days = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return days <= 36_500 ? days : "wrong";
}
