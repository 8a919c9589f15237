// How a file may be shown, decided before a byte of it is read. Pure.
import type { ArtifactEntry } from "~/api/types";

const MIB = 1024 * 1024;

/** Above this a text is offered for download: laying it out would only make the page stand still. */
export const TEXT_BYTES = 2 * MIB;
/** What the browser shows by itself, in an element of its own. */
export const EMBEDDED_BYTES = 32 * MIB;

export type Preview =
  /** `tab`: browsers show it, but not in a frame that is closed off. */
  | { how: "image" | "frame" | "tab" | "text" | "csv" | "json" | "markdown" }
  | { how: "none"; why: "too_large"; most: number }
  | { how: "none"; why: "unknown" | "empty" };

const HOW = {
  image: "image",
  html: "frame",
  pdf: "tab",
  text: "text",
  csv: "csv",
  json: "json",
  markdown: "markdown",
} as const;

export function previewOf(entry: Pick<ArtifactEntry, "kind" | "size">): Preview {
  if (entry.kind === "other") return { how: "none", why: "unknown" };
  if (entry.size === 0) return { how: "none", why: "empty" };
  const how = HOW[entry.kind];
  const most = how === "image" || how === "frame" || how === "tab" ? EMBEDDED_BYTES : TEXT_BYTES;
  return entry.size > most ? { how: "none", why: "too_large", most } : { how };
}

/** JSON with its structure to be seen; null when it is none. */
export function prettyJson(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

export interface Table {
  head: string[];
  rows: string[][];
  /** There are more rows than these. */
  more: boolean;
}

/** The first row as the head, and as many more as are asked for, all as wide as the widest. */
export function tableOf(records: readonly string[][], most: number): Table {
  const width = records.reduce((widest, record) => Math.max(widest, record.length), 0);
  const even = records.map((record) => [...record, ...Array<string>(width - record.length).fill("")]);
  return { head: even[0] ?? [], rows: even.slice(1, most + 1), more: even.length > most + 1 };
}

/** Columns in which every value is a number stand on their right edge. */
export function numericColumns(table: Table): boolean[] {
  return table.head.map((_, column) => {
    const values = table.rows.map((row) => row[column]?.trim() ?? "").filter(Boolean);
    return values.length > 0 && values.every((value) => /^[-+]?[\d.,\s]*\d[\d.,]*(e[-+]?\d+)?\s?%?$/i.test(value));
  });
}
