import { describe, expect, it } from "vitest";
import {
  type Extent,
  endPlace,
  isEnd,
  isStart,
  isStuck,
  lastTop,
  moved,
  type Place,
  placeAt,
  placeOf,
  ROW,
  rested,
  START,
  scrolled,
  scrollHeight,
  shareOf,
  TALLEST,
} from "./scroll-place";

const flat = (lines: number, more: Partial<Extent> = {}): Extent => ({
  lines,
  viewport: 600,
  row: ROW,
  below: 30,
  heightOf: () => ROW,
  whole: false,
  ...more,
});
const HUGE = flat(10_000_000);
/** Rows of one to five rows' height, estimated as three. */
const wrapped = (lines: number): Extent => flat(lines, { row: 60, heightOf: (n) => ROW * (1 + (n % 5)) });

/** As a browser does it: the bar's position is whole and stays on the bar. */
function wheel(extent: Extent, place: Place, pixels: number): Place {
  const top = Math.min(lastTop(extent), Math.max(0, place.top + pixels));
  const next = scrolled(extent, place, top, false);
  return isStuck(extent, next) ? rested(extent, next) : next;
}

describe("a log that fits into an element", () => {
  it("is as tall as its rows, and the bar is exact", () => {
    const extent = flat(1000);
    expect(scrollHeight(extent)).toBe(20_030);
    for (const top of [0, 7, 20, 12_345, lastTop(extent)]) {
      const place = placeAt(extent, top);
      expect((place.position - 1) * ROW + place.offset).toBe(top);
      expect(rested(extent, place).top).toBe(top);
    }
  });

  it("does not scroll when there is room for everything", () => {
    const extent = flat(5);
    expect(lastTop(extent)).toBe(0);
    expect(moved(extent, START, 500)).toMatchObject({ position: 1, offset: 0 });
    expect(isEnd(extent, START)).toBe(true);
    expect(isStuck(extent, START)).toBe(false);
    expect(endPlace(flat(0))).toMatchObject({ position: 1, offset: 0 });
  });
});

describe("ten million lines", () => {
  it("keep the element below what browsers draw", () => {
    expect(scrollHeight(HUGE)).toBe(TALLEST);
  });

  it("start at the start and end at the end of the bar", () => {
    expect(placeAt(HUGE, 0)).toMatchObject({ position: 1, offset: 0 });
    const end = placeAt(HUGE, lastTop(HUGE));
    // 570 pixels of text are left above what stands below the last line.
    expect(end).toMatchObject({ position: 10_000_000 - 28, offset: 10 });
    expect(isEnd(HUGE, end)).toBe(true);
  });

  it("go up along the bar, without a step back", () => {
    let before = -1;
    for (let top = 0; top <= lastTop(HUGE); top += 997) {
      const place = placeAt(HUGE, top);
      const distance = (place.position - 1) * ROW + place.offset;
      expect(distance).toBeGreaterThan(before);
      before = distance;
    }
  });

  it("come back to where they were when the bar follows them", () => {
    for (const position of [1, 2, 49_999, 50_001, 50_002, 1_234_567, 5_000_000, 9_949_000, 9_999_971]) {
      const place = rested(HUGE, { position, offset: 0, top: 0 });
      const again = placeAt(HUGE, place.top);
      // A pixel of the squeezed bar stands for 33 of the text: one row or two.
      expect(Math.abs(again.position - position)).toBeLessThanOrEqual(2);
      expect(place.top).toBeLessThanOrEqual(lastTop(HUGE));
    }
  });

  it.each([1, 30_000, 49_990, 2_000_000, 9_949_990, 9_990_000])("move by a row when scrolled by one, at %i", (from) => {
    let place = placeOf(HUGE, from, "start");
    expect(place).toMatchObject({ position: from, offset: 0 });
    for (let step = 1; step <= 200; step++) {
      place = wheel(HUGE, place, ROW);
      expect(place).toMatchObject({ position: from + step, offset: 0 });
      if (step % 50 === 0) place = rested(HUGE, place);
    }
    for (let step = 199; step >= 0; step--) place = wheel(HUGE, place, -ROW);
    expect(place).toMatchObject({ position: from, offset: 0 });
  });

  it("can each be shown", () => {
    for (const position of [1, 2, 777, 4_999_999, 9_999_000, 9_999_999, 10_000_000]) {
      const place = placeOf(HUGE, position, "center");
      const below = (position - place.position) * ROW - place.offset;
      expect(below).toBeGreaterThanOrEqual(0);
      expect(below + ROW).toBeLessThanOrEqual(HUGE.viewport);
    }
    expect(placeOf(HUGE, 1, "center")).toEqual(START);
    expect(isEnd(HUGE, placeOf(HUGE, 10_000_000, "center"))).toBe(true);
    expect(placeOf(HUGE, 20_000_000, "center")).toEqual(placeOf(HUGE, 10_000_000, "center"));
  });

  it("follow the thumb while it is held, even by little", () => {
    const place = placeAt(HUGE, 4_000_000);
    const held = scrolled(HUGE, place, 4_000_100, true);
    expect(held.position - place.position).toBeGreaterThan(100);
    const small = scrolled(HUGE, place, 4_000_100, false);
    expect(small.position - place.position).toBe(5);
    // A click into the track goes further than anything that is scrolled in sight.
    expect(scrolled(HUGE, place, 5_000_000, false)).toEqual(placeAt(HUGE, 5_000_000));
  });

  it("have their marks where the thumb goes for them", () => {
    expect(shareOf(HUGE, 1)).toBe(0);
    expect(shareOf(HUGE, 10_000_000)).toBeCloseTo(1, 3);
    const place = placeOf(HUGE, 3_000_000, "center");
    expect(shareOf(HUGE, 3_000_000)).toBeCloseTo(place.top / lastTop(HUGE), 4);
    expect(shareOf(flat(0), 1)).toBe(0);
    expect(shareOf(flat(10, { below: 0 }), 6)).toBe(0.5);
  });
});

describe("wrapped rows", () => {
  const extent = wrapped(3000);

  it("can all be reached with the wheel, each where it belongs", () => {
    let place: Place = START;
    let travelled = 0;
    const seen = new Set<number>();
    while (!isEnd(extent, place)) {
      const before = place;
      place = wheel(extent, place, 120);
      seen.add(place.position);
      let pixels = place.offset - before.offset;
      for (let n = before.position; n < place.position; n++) pixels += extent.heightOf(n);
      // Exactly what was turned, but for the last turn, and for one that the bar had no room for.
      expect(pixels).toBeLessThanOrEqual(120);
      travelled += pixels;
    }
    const height = 3000 * 60 + 30;
    expect(travelled).toBe(height - extent.viewport);
    expect(place.top).toBe(lastTop(extent));
    // No row is taller than a turn: none was passed over.
    expect(seen.size).toBeGreaterThan(1400);
    while (!isStart(place)) place = wheel(extent, place, -120);
    expect(place.top).toBe(0);
  });

  it("end with the view although the heights above are estimates", () => {
    const end = endPlace(extent);
    let height = extent.below - end.offset;
    for (let n = end.position; n <= 3000; n++) height += extent.heightOf(n);
    expect(height).toBe(extent.viewport);
  });

  it("are exact on the bar when all of them are measured", () => {
    const few = { ...wrapped(100), whole: true };
    expect(scrollHeight(few)).toBe(6030);
    for (let top = 0; top <= lastTop(few); top += 13) {
      const place = placeAt(few, top);
      expect(Math.abs(rested(few, place).top - top)).toBeLessThanOrEqual(1);
    }
  });
});
