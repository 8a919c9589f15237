// A text and the ranges that matched in it, as what is shown. Pure.
export interface Piece {
  at: number;
  text: string;
  hit: boolean;
}

/** A text cut at the ranges that matched. Ranges that overlap or reach beyond it are cut to what is left of it. */
export function pieces(text: string, ranges: readonly (readonly number[])[]): Piece[] {
  const cut: Piece[] = [];
  let at = 0;
  const put = (end: number, hit: boolean) => {
    if (end > at) cut.push({ at, text: text.slice(at, end), hit });
    at = Math.max(at, end);
  };
  for (const [from = 0, to = 0] of [...ranges].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))) {
    put(Math.min(from, text.length), false);
    put(Math.min(to, text.length), true);
  }
  put(text.length, false);
  return cut;
}
