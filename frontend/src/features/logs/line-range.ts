// Lines that were picked out: in the address (`?line=120`, `?line=120-140`), by clicks, and for copying. Pure.
export interface LineRange {
  from: number;
  to: number;
}

const isLine = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

/** What an address holds, whoever wrote it: a number, two of them, or nothing that can be meant. */
export function parseRange(value: unknown): LineRange | null {
  const [, one, other] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(String(value ?? "").trim()) ?? [];
  const from = Number(one);
  const to = Number(other ?? one);
  if (!isLine(from) || !isLine(to)) return null;
  return from <= to ? { from, to } : { from: to, to: from };
}

/** As it stands in the address. One line is a number there, so that the router writes it without quotes. */
export const rangeParam = ({ from, to }: LineRange): number | string => (from === to ? from : `${from}-${to}`);

/** A click on a line's number; with Shift what is picked already grows or shrinks to there. */
export function pick(before: LineRange | null, anchor: number, line: number, extend: boolean): LineRange | null {
  if (extend && before) return { from: Math.min(anchor, line), to: Math.max(anchor, line) };
  return before && before.from === line && before.to === line ? null : { from: line, to: line };
}

export const rangeWords = ({ from, to }: LineRange): string =>
  from === to ? `Line ${from.toLocaleString("en")}` : `Lines ${from.toLocaleString("en")}–${to.toLocaleString("en")}`;
