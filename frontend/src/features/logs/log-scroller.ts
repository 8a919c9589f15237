// Moves the view over a log: listens to the scrolled element, keeps the view's place, says which rows are to be drawn,
// and puts them where they belong. The arithmetic is `scroll-place`'s; this is its hands.
//
// The browser scrolls, so that wheel, touch and momentum feel as everywhere; the rows are drawn around the place and
// travel with the element. What is measured is measured in `settle`, after each drawing and before it is seen.
// Follow lets go as soon as the reader moves up, and takes hold again at the end.
import type { LogWindows } from "./log-windows";
import {
  type Extent,
  endPlace,
  isEnd,
  isStuck,
  lastTop,
  moved,
  type Place,
  placeOf,
  ROW,
  rested,
  START,
  scrolled,
  scrollHeight,
} from "./scroll-place";

/** Rows beyond those that are seen, on each side. */
const BEYOND = 30;
/** Rows at the edge of those drawn at which others are drawn. */
const MARGIN = 12;
/** Up to here every row is drawn: the bar is exact, also with wrapped rows. */
const FEW = 250;
const REST_MS = 150;
/** What is asked for beyond the rows that are drawn. */
const AHEAD = 60;

export interface Parts {
  /** What scrolls. */
  view: HTMLElement;
  /** As tall as the bar says. */
  tall: HTMLElement;
  /** Carries the rows and what stands below the last one. */
  block: HTMLElement;
  /** The rows, one child each. */
  rows: HTMLElement;
}

export interface Drawn {
  first: number;
  last: number;
}

export class LogScroller {
  /** Goes up when something is to be drawn again. */
  version = 0;
  following = true;
  /** Lines there were when the reader let go of the end. */
  seen = 0;

  private parts: Parts | null = null;
  private place: Place = START;
  private viewport = 0;
  private below = 0;
  private wrap = false;
  private usual = ROW;
  private heights = new Map<number, number>();
  private drawn: Drawn = { first: 1, last: 0 };
  /** The line that was gone to. It stays where it was put while rows around it are read and measured. */
  private aim: { position: number; align: "center" | "start" } | null = null;
  /** Somebody holds the bar's thumb. */
  private held = false;
  private touched = false;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private listeners = new Set<() => void>();

  constructor(private readonly windows: LogWindows) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  attach(parts: Parts): () => void {
    this.parts = parts;
    const { view } = parts;
    const options = { passive: true } as const;
    view.addEventListener("scroll", this.onScroll, options);
    view.addEventListener("wheel", this.onWheel, options);
    view.addEventListener("pointerdown", this.onPress, options);
    view.addEventListener("touchstart", this.onTouch, options);
    window.addEventListener("pointermove", this.onMove, options);
    window.addEventListener("pointerup", this.onRelease, options);
    window.addEventListener("touchend", this.onRelease, options);
    window.addEventListener("touchcancel", this.onRelease, options);
    const watch = new ResizeObserver(() => {
      this.heights.clear();
      this.settle();
      this.tell();
    });
    watch.observe(view);
    const stop = this.windows.subscribe(this.onLines);
    this.onLines();
    return () => {
      stop();
      watch.disconnect();
      clearTimeout(this.rest);
      view.removeEventListener("scroll", this.onScroll);
      view.removeEventListener("wheel", this.onWheel);
      view.removeEventListener("pointerdown", this.onPress);
      view.removeEventListener("touchstart", this.onTouch);
      window.removeEventListener("pointermove", this.onMove);
      window.removeEventListener("pointerup", this.onRelease);
      window.removeEventListener("touchend", this.onRelease);
      window.removeEventListener("touchcancel", this.onRelease);
      this.parts = null;
    };
  }

  /** The rows to draw. */
  get range(): Drawn {
    return this.drawn;
  }

  /** The line at the upper edge. */
  get position(): number {
    return this.place.position;
  }

  /** The first line that is wholly in sight. */
  get firstWhole(): number {
    return this.place.offset > 0 ? Math.min(this.place.position + 1, this.windows.total) : this.place.position;
  }

  get extent(): Extent {
    const lines = this.windows.total;
    return {
      lines,
      viewport: this.viewport,
      row: this.wrap ? this.usual : ROW,
      below: this.below,
      heightOf: this.wrap ? (position) => this.heights.get(position) ?? this.usual : () => ROW,
      whole: this.wrap && lines <= FEW,
    };
  }

  setWrap(wrap: boolean) {
    if (wrap === this.wrap) return;
    this.wrap = wrap;
    this.usual = ROW;
    this.heights.clear();
    this.place = { ...this.place, offset: 0 };
  }

  follow(on: boolean) {
    if (on === this.following) return;
    this.following = on;
    this.seen = this.windows.total;
    if (on) this.go(endPlace(this.extent));
    else this.tell();
  }

  toStart() {
    this.letGo();
    this.go(START);
  }

  toEnd() {
    this.follow(true);
    this.go(endPlace(this.extent));
  }

  /** By so many pixels, as the keys do. */
  by(pixels: number) {
    const extent = this.extent;
    if (pixels < 0 && !isEnd(extent, moved(extent, this.place, pixels))) this.letGo();
    this.go(rested(extent, moved(extent, this.place, pixels)));
    if (isEnd(extent, this.place)) this.follow(true);
  }

  /** By so many heights of the view, less what keeps the reader oriented. */
  byPage(pages: number) {
    this.by(pages * Math.max(ROW, Math.floor((this.viewport - 2 * ROW) / ROW) * ROW));
  }

  to(position: number, align: "center" | "start" = "center") {
    const extent = this.extent;
    this.letGo();
    this.go(placeOf(extent, position, align));
    this.aim = { position, align };
  }

  /** Whether a line can be read without moving. */
  shows(position: number): boolean {
    const { position: first, offset } = this.place;
    const extent = this.extent;
    if (position < first || (position === first && offset > 0)) return false;
    let height = -offset;
    for (let each = first; each <= position; each++) {
      height += extent.heightOf(each);
      if (height > this.viewport) return false;
    }
    return true;
  }

  /** After rows were drawn: measures them and puts them where they belong. */
  settle() {
    const { parts } = this;
    if (!parts) return;
    this.viewport = parts.view.clientHeight;
    const before = scrollHeight(this.extent);
    this.measure(parts);
    const next = this.corrected(scrollHeight(this.extent) < before);
    if (next) this.place = next;
    this.put(parts, next !== null);
    if (this.redraws()) this.tell();
  }

  /** Where the view has to go now that more is known; null when the place holds. */
  private corrected(shrunk: boolean): Place | null {
    const extent = this.extent;
    if (this.following) return endPlace(extent);
    if (this.aim) return placeOf(extent, this.aim.position, this.aim.align);
    // Rows that turned out lower than they were thought leave room below the last one.
    const room = this.drawn.last >= extent.lines && extent.lines > 0 && isEnd(extent, this.place);
    return shrunk || room ? rested(extent, this.place) : null;
  }

  private measure(parts: Parts) {
    if (this.drawn.last === this.windows.total) this.below = parts.block.offsetHeight - parts.rows.offsetHeight;
    if (!this.wrap) return;
    const heights: number[] = [];
    this.heights.clear();
    for (const row of parts.rows.children) {
      const height = (row as HTMLElement).offsetHeight || ROW;
      this.heights.set(this.drawn.first + heights.length, height);
      heights.push(height);
    }
    // The usual height, which one huge line does not change. Taken only when it is far off, and not while somebody
    // holds the bar, which would tremble.
    const usual = heights.sort((a, b) => a - b)[Math.floor(heights.length / 2)] ?? ROW;
    if (!this.held && Math.abs(usual - this.usual) > this.usual * 0.25) this.usual = usual;
  }

  /** Brings the rows to the place and, if it is not the browser that scrolled, the element too. */
  private put({ view, tall, block }: Parts, scrolls: boolean) {
    const extent = this.extent;
    const height = `${scrollHeight(extent)}px`;
    if (tall.style.height !== height) tall.style.height = height;
    if (scrolls) {
      if (Math.abs(view.scrollTop - this.place.top) > 0.5) view.scrollTop = this.place.top;
      // What the browser made of it: whole pixels of the screen.
      this.place = { ...this.place, top: view.scrollTop };
    }
    let above = 0;
    for (let position = this.drawn.first; position < this.place.position; position++)
      above += extent.heightOf(position);
    block.style.top = `${this.place.top - this.place.offset - above}px`;
  }

  private go(place: Place) {
    clearTimeout(this.rest);
    this.held = false;
    this.aim = null;
    this.place = place;
    this.redraws();
    if (this.parts) this.put(this.parts, true);
    this.tell();
  }

  /** Whether other rows are to be drawn than are. */
  private redraws(): boolean {
    const { total } = this.windows;
    const seen = Math.ceil(this.viewport / ROW) + 1;
    const first = this.following ? Math.max(1, total - seen) : this.place.position;
    const needed = { first: Math.max(1, first - MARGIN), last: Math.min(total, first + seen + MARGIN) };
    const { drawn } = this;
    const fits = drawn.first <= needed.first && drawn.last >= needed.last && drawn.last <= total;
    if (fits && (total > FEW || (drawn.first === 1 && drawn.last === total))) return false;
    this.drawn =
      total <= FEW
        ? { first: 1, last: total }
        : { first: Math.max(1, first - BEYOND), last: Math.min(total, first + seen + BEYOND) };
    // The end is pushed; only who reads elsewhere needs more than is drawn.
    const ahead = this.following ? 0 : AHEAD;
    this.windows.want(this.drawn.first - ahead, this.drawn.last + ahead);
    return true;
  }

  private letGo() {
    if (!this.following) return;
    this.following = false;
    this.seen = this.windows.total;
  }

  private tell() {
    this.version++;
    for (const listener of this.listeners) listener();
  }

  private onLines = () => {
    if (!this.windows.known) {
      this.place = START;
      this.aim = null;
      this.heights.clear();
    }
    this.redraws();
    this.tell();
  };

  private onScroll = () => {
    const { parts } = this;
    const top = parts?.view.scrollTop ?? 0;
    if (!parts || Math.abs(top - this.place.top) < 0.5) return;
    const extent = this.extent;
    const up = top < this.place.top;
    const followed = this.following;
    this.aim = null;
    this.place = scrolled(extent, this.place, top, this.held);
    const ended = isEnd(extent, this.place);
    if (up && !ended) this.letGo();
    else if (!up && ended) this.following = true;
    const others = this.redraws();
    clearTimeout(this.rest);
    if (!this.held && isStuck(extent, this.place)) this.trueBar();
    else this.rest = setTimeout(this.trueBar, REST_MS);
    if (others || followed !== this.following) this.tell();
  };

  /** Brings the bar to where the place is; nothing is seen to move. Waits while somebody holds it. */
  private trueBar = () => {
    if (!this.parts) return;
    if (this.held || this.touched) {
      this.rest = setTimeout(this.trueBar, REST_MS);
      return;
    }
    this.place = rested(this.extent, this.place);
    this.put(this.parts, true);
  };

  private onWheel = (event: WheelEvent) => {
    this.held = false;
    this.aim = null;
    // The scroll itself comes a frame later, and a flood would have moved on by then.
    if (event.deltaY < 0 && this.following && lastTop(this.extent) > 0) {
      this.letGo();
      this.tell();
    }
  };

  /** Beside the content is the bar. */
  private onPress = (event: PointerEvent) => {
    const view = this.parts?.view;
    if (event.target === view && view && event.offsetX >= view.clientWidth) this.held = true;
  };

  private onTouch = () => {
    this.held = false;
    this.aim = null;
    this.touched = true;
  };

  private onRelease = () => {
    this.touched = false;
    this.held = false;
  };

  /** Browsers do not always tell that the bar was let go. */
  private onMove = (event: PointerEvent) => {
    if (this.held && event.buttons === 0) this.held = false;
  };
}
