// The names of a log's shapes, from the API's document: windows of lines, the pushed tail, the frames of a search.
// A line belongs to one stream; lines are numbered from 1 in the order in which they begin. A position is a line's
// place among those of the stream that is looked at, and the same as its number when all of them are.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type LogStream = Schemas["LogStream"];
export type LogLine = Schemas["LogLine"];
/** Lines that follow each other, and what the log is as a whole. */
export type LinesWindow = Schemas["LogLines"];
export type LogTotals = Omit<LinesWindow, "first" | "lines">;
export type TailFrame = Extract<Schemas["LiveMessage"], { type: "tail" }>;
export type SearchMatch = Schemas["LogMatch"];
export type SearchFrame = Schemas["SearchFrame"];

/** Where a window begins. */
export type LinesFrom = { from: number } | { line: number } | { at: string } | { tail: true };

export interface SearchWords {
  q: string;
  regex: boolean;
  matchCase: boolean;
}
