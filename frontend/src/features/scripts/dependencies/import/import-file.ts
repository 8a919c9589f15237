// A requirements.txt as it is chosen or dropped, and what its lines come to, as it is shown. Pure.
import type { ImportFate, ImportLine, ImportPreview } from "~/api/types";
import { formatBytes, plural } from "~/lib/format";

/** What the server takes. */
const LARGEST_BYTES = 1024 * 1024;

/** The text of a file, or why it is none. PowerShell writes what it redirects as UTF-16. */
export function textOf(name: string, bytes: Uint8Array): { text: string } | { refused: string } {
  if (bytes.length > LARGEST_BYTES)
    return { refused: `${name} has ${formatBytes(bytes.length)}. A file of requirements may have at most 1 MiB.` };
  const [a, b] = bytes;
  const encoding = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return { text };
  } catch {
    // Said below.
  }
  return { refused: `${name} is not a text. Choose a requirements.txt.` };
}

export interface FateGroup {
  title: string;
  /** Somebody has to think of these. */
  attention: boolean;
  lines: ImportLine[];
}

const GROUPS: { title: string; attention: boolean; fates: readonly ImportFate[] }[] = [
  { title: "Not taken", attention: true, fates: ["not_taken"] },
  { title: "Replaced in the list", attention: false, fates: ["replaces"] },
  { title: "New", attention: false, fates: ["added"] },
  { title: "Nothing to do", attention: false, fates: ["already_there", "merged", "ignored"] },
];

/** Lines by what comes of them, those to think of first. */
export const groupsOf = (lines: readonly ImportLine[]): FateGroup[] =>
  GROUPS.map(({ title, attention, fates }) => ({
    title,
    attention,
    lines: lines.filter((line) => fates.includes(line.fate)),
  })).filter((group) => group.lines.length > 0);

/** "2 not taken, 1 new": for whoever cannot see the lines at a glance. */
export const summaryOf = (lines: readonly ImportLine[]): string =>
  groupsOf(lines)
    .map((group) => `${group.lines.length} ${group.title.toLowerCase()}`)
    .join(", ");

/** Whether the list would be another one. */
export const changesList = (preview: ImportPreview): boolean =>
  preview.removed.length > 0 || preview.lines.some((line) => line.fate === "added" || line.fate === "replaces");

/** "Import 3 packages"; what goes is said where it is listed. */
export function importWords(preview: ImportPreview | undefined): string {
  const count = preview?.lines.filter((line) => line.fate === "added" || line.fate === "replaces").length ?? 0;
  return count === 0 ? "Import" : `Import ${plural(count, "line")}`;
}

/** "Line 3", "Lines 3–5": as people count. */
export const placeOf = ({ first, last }: Pick<ImportLine, "first" | "last">): string =>
  first === last ? `Line ${first + 1}` : `Lines ${first + 1}–${last + 1}`;
