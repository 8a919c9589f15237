// The keys of a log. They are its own while the focus is in it; where a log is the whole page, also while it is
// nowhere. `g` alone is the page's (g d, g s, …), so the first line is `g g`.
import { type RefObject, useEffect, useRef } from "react";
import { isTyping } from "~/lib/hotkeys";
import type { LogScroller } from "./log-scroller";
import { ROW } from "./scroll-place";

export interface LogActs {
  scroller: LogScroller;
  openSearch: () => void;
  /** Closes the search, or else lets go of the picked lines. Answers whether there was something to close. */
  escape: () => boolean;
  step: (by: 1 | -1) => void;
  wrap: () => void;
  times: () => void;
  firstError: () => void;
  /** Picks the match the reader is at, or the first line in sight. */
  pick: (extend: boolean) => void;
}

const G_MS = 1000;

const ACTS = new Map<string, (acts: LogActs, shift: boolean) => void>([
  ["j", ({ scroller }) => scroller.by(ROW)],
  ["ArrowDown", ({ scroller }) => scroller.by(ROW)],
  ["k", ({ scroller }) => scroller.by(-ROW)],
  ["ArrowUp", ({ scroller }) => scroller.by(-ROW)],
  ["PageDown", ({ scroller }) => scroller.byPage(1)],
  ["PageUp", ({ scroller }) => scroller.byPage(-1)],
  ["Home", ({ scroller }) => scroller.toStart()],
  ["End", ({ scroller }) => scroller.toEnd()],
  ["G", ({ scroller }) => scroller.toEnd()],
  ["f", ({ scroller }) => scroller.follow(!scroller.following)],
  ["w", (acts) => acts.wrap()],
  ["t", (acts) => acts.times()],
  ["e", (acts) => acts.firstError()],
  ["l", (acts) => acts.pick(false)],
  ["L", (acts) => acts.pick(true)],
  ["n", (acts) => acts.step(1)],
  ["N", (acts) => acts.step(-1)],
  ["F3", (acts, shift) => acts.step(shift ? -1 : 1)],
  ["/", (acts) => acts.openSearch()],
]);

export function useLogKeys(root: RefObject<HTMLElement | null>, wholePage: boolean, acts: LogActs) {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const element = root.current;
    const target: HTMLElement | Window | null = wholePage ? window : element;
    if (!element || !target) return;
    let pressedG = Number.NEGATIVE_INFINITY;
    const onKey = (raw: Event) => {
      const event = raw as KeyboardEvent;
      const from = event.target as HTMLElement;
      const inside = element.contains(from);
      if (event.defaultPrevented || event.isComposing) return;
      if (!inside && from !== document.body && from.id !== "page") return;
      const done = () => {
        event.preventDefault();
        event.stopPropagation();
      };
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "f") {
        // The second time, in the log's own search, the browser's is meant.
        if (isTyping(from)) return;
        latest.current.openSearch();
        return done();
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") return latest.current.escape() ? done() : undefined;
      if (event.key !== "F3" && isTyping(from)) return;
      if (from.getAttribute("aria-haspopup") && event.key.startsWith("Arrow")) return;
      const second = Date.now() - pressedG < G_MS;
      pressedG = Number.NEGATIVE_INFINITY;
      if (event.key === "g") {
        if (!second) {
          pressedG = Date.now();
          return;
        }
        latest.current.scroller.toStart();
        return done();
      }
      const act = second ? undefined : ACTS.get(event.key);
      if (!act) return;
      act(latest.current, event.shiftKey);
      done();
    };
    target.addEventListener("keydown", onKey);
    return () => target.removeEventListener("keydown", onKey);
  }, [root, wholePage]);
}
