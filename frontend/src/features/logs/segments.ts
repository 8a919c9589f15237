// A line cut into what is drawn: styled pieces, marks of a search, links into the script's own files. Pure.
import type { CSSProperties } from "react";
import { parseAnsi, plainText } from "./ansi";
import type { SearchMatch, SearchWords } from "./contract";

export interface Segment {
  text: string;
  style: CSSProperties | undefined;
  marked: boolean;
  place: ScriptPlace | null;
}

/** A line of one of the script's files. */
export interface ScriptPlace {
  path: string;
  line: number;
}

type Range = readonly [start: number, end: number];

/** Where the script's folder is in its container. */
const FRAME = /File "\/script\/([^"]{1,500})", line (\d{1,9})/;

function frameIn(text: string): { range: Range; place: ScriptPlace } | null {
  if (!text.includes('File "/script/')) return null;
  const found = FRAME.exec(text);
  if (!found?.[1]) return null;
  return {
    range: [found.index, found.index + found[0].length],
    place: { path: found[1], line: Number(found[2]) },
  };
}

export function segmentsOf(text: string, marks: (plain: string) => readonly Range[]): Segment[] {
  const pieces = parseAnsi(text);
  const plain = pieces.length === 1 ? (pieces[0]?.text ?? "") : pieces.map((piece) => piece.text).join("");
  const marked = marks(plain);
  const frame = frameIn(plain);
  if (marked.length === 0 && !frame) return pieces.map((piece) => ({ ...piece, marked: false, place: null }));
  const edges = [...marked, ...(frame ? [frame.range] : [])].flat().sort((a, b) => a - b);
  const within = (at: number, [start, end]: Range) => at >= start && at < end;
  const segments: Segment[] = [];
  let at = 0;
  for (const piece of pieces) {
    const end = at + piece.text.length;
    const cuts = [at, ...edges.filter((edge) => edge > at && edge < end), end];
    for (let i = 0; i + 1 < cuts.length; i++) {
      const [from = 0, to = 0] = [cuts[i], cuts[i + 1]];
      if (to <= from) continue;
      segments.push({
        text: plain.slice(from, to),
        style: piece.style,
        marked: marked.some((range) => within(from, range)),
        place: frame && within(from, frame.range) ? frame.place : null,
      });
    }
    at = end;
  }
  return segments;
}

const MOST_MARKS = 500;

/**
 * The matches of a search in a line that is shown. Words are looked for here. An expression is not: it is the server's,
 * whose language differs and whose time is bounded, so that only what the server told of this line is marked.
 */
export function marksOf(words: SearchWords, told: SearchMatch | undefined): (plain: string) => readonly Range[] {
  if (words.regex) return (plain) => (told ? locate(plain, told) : []);
  const literal = new RegExp(words.q.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), words.matchCase ? "gu" : "giu");
  return (plain) => {
    const ranges: Range[] = [];
    for (const found of plain.matchAll(literal)) {
      ranges.push([found.index, found.index + found[0].length]);
      if (ranges.length >= MOST_MARKS) break;
    }
    return ranges;
  };
}

/** The server's excerpt found again in the line it is from, without escape sequences on both sides. */
function locate(plain: string, told: SearchMatch): readonly Range[] {
  const start = plain.indexOf(plainText(told.text));
  if (start < 0) return [];
  return plainRanges(told).map(([from, to]) => [start + from, start + to]);
}

/** Ranges of an excerpt as they are once its escape sequences are gone. */
function plainRanges({ text, ranges }: SearchMatch): Range[] {
  return ranges.map(([from, to]) => [plainText(text.slice(0, from)).length, plainText(text.slice(0, to)).length]);
}

/** An excerpt in pieces, those that matched marked, without colours. */
export function excerptOf(match: SearchMatch): { text: string; marked: boolean }[] {
  const plain = plainText(match.text);
  const pieces: { text: string; marked: boolean }[] = [];
  let at = 0;
  for (const [from, to] of plainRanges(match)) {
    if (from > at) pieces.push({ text: plain.slice(at, from), marked: false });
    if (to > Math.max(at, from)) pieces.push({ text: plain.slice(Math.max(at, from), to), marked: true });
    at = Math.max(at, to);
  }
  if (at < plain.length) pieces.push({ text: plain.slice(at), marked: false });
  return pieces;
}
