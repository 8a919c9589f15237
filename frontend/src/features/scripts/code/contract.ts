// Shapes of the folder's and the revisions' API that the API's document does not name yet. Goes away once it does.
import type { FileEntry } from "~/api/types";

export interface FolderEntry extends FileEntry {
  /** It is in the revisions; large files are not. */
  tracked?: boolean;
}

export interface FolderList {
  items: FolderEntry[];
  /** The folder holds more than is listed. */
  truncated: boolean;
}

export type RevisionBy =
  | "editor"
  | "api"
  | "restore"
  | "import"
  | "dependencies"
  | "outside"
  | "template"
  | "duplicate";
export type ChangeKind = "added" | "modified" | "deleted";

export interface Revision {
  number: number;
  created_at: string;
  message: string;
  label: string | null;
  by: RevisionBy;
  /** The first of them; `changed_count` says how many there are. */
  changed: { path: string; change: ChangeKind }[];
  changed_count: number;
  runs: { count: number; last_run_id: string | null };
}

export interface RevisionPage {
  items: Revision[];
  next_cursor: string | null;
}

/** How one file differs between two revisions; `null` where it is not in that one. */
export interface FileChange {
  path: string;
  change: ChangeKind;
  from: string | null;
  to: string | null;
  size: number;
}
