// What the API says of scripts beyond the generated document: the list's own facts, tags with colours, templates, acts
// on many, the search in code, imports.
import type { NewScript, Script } from "~/api/types";
import type { TagColour } from "~/components/ui/tag";

export interface ListedScript extends Script {
  /** When it runs by itself next; null where nothing is due: no schedule, none enabled, or paused. */
  next_fire: { at: string; schedule_id: string } | null;
  /** How many it has, enabled or not. */
  schedules: number;
  /** Only in the trash. */
  deleted_at?: string | null;
}

export interface TagView {
  name: string;
  colour: TagColour;
  /** How many scripts have it. */
  scripts: number;
}

export interface Template {
  id: string;
  name: string;
  description: string;
  files: string[];
  requirements: string[];
}

export type NewFromTemplate = NewScript & { template?: string };

export type BulkAction =
  | { kind: "run" | "pause" | "resume" | "delete" | "restore" }
  | { kind: "tag" | "untag"; tags: string[] };
export type BulkKind = BulkAction["kind"];

export interface BulkFailure {
  id: string;
  code: string;
  message: string;
}

export interface BulkResult {
  done: string[];
  failed: BulkFailure[];
}

export interface CodeLine {
  path: string;
  line: number;
  text: string;
  /** Where the matches are in `text`, each from and to, in units of UTF-16. */
  ranges: number[][];
}

export interface CodeHit {
  script_id: string;
  /** Lines that match, of which `lines` are the first. */
  matches: number;
  lines: CodeLine[];
}

export interface CodeSearch {
  items: CodeHit[];
  /** Not everything was looked at. */
  truncated: boolean;
}

export interface Imported {
  script: ListedScript;
  /** What was decided on the way, in sentences. */
  notes: string[];
}

export type ArchiveFormat = "zip" | "tar.gz";
