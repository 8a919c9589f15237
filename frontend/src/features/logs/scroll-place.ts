// Where in a log the view stands, and how that goes with the scroll bar. Pure.
//
// A browser draws no element taller than some 16.7 million pixels: 800,000 lines. The scrolled element is therefore at
// most `TALLEST` high, and the view's place is a line and the pixels of it that are above the upper edge, not a
// distance from the top. Small scrolls move the place by exactly as many pixels; only where the bar's thumb is dragged
// or a track clicked does its position decide. Near both ends the thumb moves as the text does (`EXACT`), so that
// the first and the last line are where the bar ends; what lies between is squeezed.
// A place carries the `top` (scrollTop) that it was worked out for: the two drift apart with small scrolls in the
// squeezed middle, and `rested` brings them together when the reader pauses.

export const ROW = 20;
export const TALLEST = 8_000_000;
const EXACT = 1_000_000;

export interface Extent {
  lines: number;
  /** Height of what is seen. */
  viewport: number;
  /** Height of a row that was not measured. */
  row: number;
  /** Height of what stands below the last line. */
  below: number;
  heightOf(position: number): number;
  /** Few lines: every row is measured, and nothing is estimated. */
  whole: boolean;
}

export interface Place {
  /** The line at the upper edge, from 1. */
  position: number;
  /** Pixels of it that are above the edge. */
  offset: number;
  /** The scrollTop that goes with it. */
  top: number;
}

export const START: Place = { position: 1, offset: 0, top: 0 };

function sum(extent: Extent, from: number, to: number): number {
  let height = 0;
  for (let position = from; position <= to; position++) height += extent.heightOf(position);
  return height;
}

/** Height if there were no limit. */
const fullHeight = (extent: Extent): number =>
  (extent.whole ? sum(extent, 1, extent.lines) : extent.lines * extent.row) + extent.below;

export const scrollHeight = (extent: Extent): number => Math.round(Math.min(fullHeight(extent), TALLEST));

export const lastTop = (extent: Extent): number => Math.max(0, scrollHeight(extent) - extent.viewport);

/** A distance from the top of the whole text, as one on the scroll bar, and back. */
export function toTop(extent: Extent, distance: number): number {
  const full = Math.max(0, fullHeight(extent) - extent.viewport);
  const last = lastTop(extent);
  if (full <= last || distance <= EXACT) return Math.min(distance, last);
  if (distance >= full - EXACT) return Math.max(0, last - (full - distance));
  return EXACT + (distance - EXACT) * ((last - 2 * EXACT) / (full - 2 * EXACT));
}

export function fromTop(extent: Extent, top: number): number {
  const full = Math.max(0, fullHeight(extent) - extent.viewport);
  const last = lastTop(extent);
  if (full <= last || top <= EXACT) return top;
  if (top >= last - EXACT) return full - (last - top);
  return EXACT + (top - EXACT) * ((full - 2 * EXACT) / (last - 2 * EXACT));
}

function distanceOf(extent: Extent, { position, offset }: Place): number {
  if (extent.whole) return sum(extent, 1, position - 1) + offset;
  return (position - 1 + offset / extent.heightOf(position)) * extent.row;
}

/** The place at which the last line, and what is below it, end with the view. */
export function endPlace(extent: Extent): Place {
  const top = lastTop(extent);
  let room = extent.viewport - extent.below;
  for (let position = extent.lines; position >= 1; position--) {
    const height = extent.heightOf(position);
    if (height >= room) return { position, offset: height - room, top };
    room -= height;
  }
  return { ...START, top };
}

const isBefore = (a: Place, b: Place): boolean =>
  a.position < b.position || (a.position === b.position && a.offset < b.offset - 0.5);

export const isStart = (place: Place): boolean => !isBefore(START, place);
export const isEnd = (extent: Extent, place: Place): boolean => !isBefore(place, endPlace(extent));

function clamp(extent: Extent, place: Place): Place {
  if (place.position < 1 || place.offset < 0) return { ...START, top: place.top };
  const end = endPlace(extent);
  return isBefore(place, end) ? place : { ...end, top: place.top };
}

/** The place so many pixels further down (or up), exactly; its `top` is moved along. For distances that are seen. */
export function moved(extent: Extent, place: Place, pixels: number): Place {
  let { position, offset } = place;
  offset += pixels;
  while (offset < 0 && position > 1) offset += extent.heightOf(--position);
  for (let height = extent.heightOf(position); offset >= height && position < extent.lines; ) {
    offset -= height;
    height = extent.heightOf(++position);
  }
  return clamp(extent, { position, offset, top: place.top + pixels });
}

/** The place that the bar's thumb stands for. */
export function placeAt(extent: Extent, top: number): Place {
  if (extent.lines === 0 || top <= 0) return { ...START, top: Math.max(0, top) };
  if (top >= lastTop(extent) - 0.5) return { ...endPlace(extent), top };
  const distance = fromTop(extent, top);
  if (extent.whole) return moved(extent, { ...START, top: top - distance }, distance);
  const rows = distance / extent.row;
  const position = Math.min(extent.lines, Math.floor(rows) + 1);
  const offset = (rows - (position - 1)) * extent.heightOf(position);
  return clamp(extent, { position, offset: Math.min(Math.round(offset), extent.heightOf(position) - 1), top });
}

/** After the browser scrolled to `top`. `byThumb`: somebody holds the bar, whose position then decides. */
export function scrolled(extent: Extent, place: Place, top: number, byThumb: boolean): Place {
  const pixels = top - place.top;
  if (byThumb || Math.abs(pixels) > extent.viewport * 1.5) return placeAt(extent, top);
  return { ...moved(extent, place, pixels), top };
}

/** The same place with the `top` that shows it truly on the bar. */
export function rested(extent: Extent, place: Place): Place {
  if (isStart(place)) return START;
  const end = endPlace(extent);
  if (!isBefore(place, end)) return end;
  // Never at the very end of the bar, from where there would be no scrolling on.
  const last = lastTop(extent);
  return { ...place, top: Math.max(1, Math.min(last - 1, Math.round(toTop(extent, distanceOf(extent, place))))) };
}

/** The bar cannot go further although the text does, or the text has ended and the bar has not. */
export function isStuck(extent: Extent, place: Place): boolean {
  const last = lastTop(extent);
  return isStart(place) !== place.top < 0.5 || isEnd(extent, place) !== place.top > last - 0.5;
}

/** A line in the middle of the view, or wholly in it with as little movement as possible. */
export function placeOf(extent: Extent, position: number, align: "center" | "start"): Place {
  const line = Math.min(Math.max(1, position), Math.max(1, extent.lines));
  const above = align === "center" ? Math.max(0, (extent.viewport - extent.heightOf(line)) / 2) : 0;
  return rested(extent, moved(extent, { position: line, offset: 0, top: 0 }, -Math.floor(above)));
}

/** Where along the bar a line is, from 0 to 1. */
export function shareOf(extent: Extent, position: number): number {
  const full = fullHeight(extent);
  if (full === 0) return 0;
  const distance = distanceOf(extent, { position, offset: 0, top: 0 });
  if (full <= TALLEST) return distance / full;
  return Math.max(0, toTop(extent, distance - extent.viewport / 2)) / lastTop(extent);
}
