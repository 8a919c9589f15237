// With elements that have a height but no layout: what moves, what follows, what is drawn and asked for.
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LinesWindow } from "./contract";
import { LogScroller } from "./log-scroller";
import { LogWindows } from "./log-windows";

const VIEWPORT = 400;
let windows: LogWindows;
let scroller: LogScroller;
let view: HTMLElement;
let top: number;

const tail = (total: number): LinesWindow => ({
  first: Math.max(1, total - 199),
  total,
  lines_all: total,
  bytes: total,
  ended: false,
  lines: Array.from({ length: Math.min(200, total) }, (_, index) => ({
    line: Math.max(1, total - 199) + index,
    at: "",
    stream: "stdout" as const,
    text: "x",
    cut: 0,
  })),
});

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  windows = new LogWindows(() => new Promise(() => {}));
  scroller = new LogScroller(windows);
  const [tall, block, rows] = ["div", "div", "div"].map((tag) => document.createElement(tag));
  view = document.createElement("div");
  top = 0;
  Object.defineProperty(view, "clientHeight", { value: VIEWPORT });
  Object.defineProperty(view, "scrollTop", {
    get: () => top,
    set: (next: number) => {
      const height = Number.parseFloat(tall?.style.height ?? "0");
      top = Math.min(Math.max(0, next), Math.max(0, height - VIEWPORT));
    },
  });
  if (tall && block && rows) scroller.attach({ view, tall, block, rows });
  // As the view does: every drawing settles.
  scroller.subscribe(() => scroller.settle());
});

const push = (total: number) => {
  windows.push(tail(total));
  scroller.settle();
};
const scrollTo = (next: number) => {
  view.scrollTop = next;
  view.dispatchEvent(new Event("scroll"));
};

describe("LogScroller", () => {
  it("follows the end, and draws only what is near it", () => {
    push(1000);
    expect(top).toBe(1000 * 20 - VIEWPORT);
    expect(scroller.range.last).toBe(1000);
    expect(scroller.range.first).toBeGreaterThan(900);
    push(5000);
    expect(top).toBe(5000 * 20 - VIEWPORT);
    expect(scroller.range.last).toBe(5000);
  });

  it("lets go when the reader moves up, stays there, and counts what is new", () => {
    push(1000);
    scrollTo(top - 100);
    expect(scroller.following).toBe(false);
    const at = scroller.position;
    push(1500);
    push(9000);
    expect(scroller.position).toBe(at);
    expect(scroller.seen).toBe(1000);
  });

  it("lets go with the wheel before the scroll is told", () => {
    push(1000);
    view.dispatchEvent(new WheelEvent("wheel", { deltaY: -10 }));
    expect(scroller.following).toBe(false);
    push(5);
    expect(scroller.following).toBe(false);
  });

  it("takes hold again at the end", () => {
    push(1000);
    scrollTo(top - 500);
    scrollTo(top + 500);
    expect(scroller.following).toBe(true);
    push(2000);
    expect(scroller.range.last).toBe(2000);
  });

  it("goes to a line, by rows and pages, to the start and the end", () => {
    push(1_000_000);
    scroller.to(500_000);
    expect(scroller.following).toBe(false);
    expect(scroller.shows(500_000)).toBe(true);
    expect(scroller.shows(499_000)).toBe(false);
    const at = scroller.position;
    scroller.by(20);
    expect(scroller.position).toBe(at + 1);
    scroller.byPage(1);
    expect(scroller.position).toBe(at + 1 + 18);
    scroller.toStart();
    expect(scroller.position).toBe(1);
    expect(top).toBe(0);
    scroller.toEnd();
    expect(scroller.following).toBe(true);
    expect(scroller.shows(1_000_000)).toBe(true);
    scroller.by(-20);
    expect(scroller.following).toBe(false);
    scroller.by(20);
    expect(scroller.following).toBe(true);
  });

  it("draws few lines whole", () => {
    push(40);
    expect(scroller.range).toEqual({ first: 1, last: 40 });
    push(240);
    expect(scroller.range).toEqual({ first: 1, last: 240 });
    push(251);
    expect(scroller.range.first).toBeGreaterThan(1);
  });

  it("begins anew when another stream is looked at", () => {
    push(1_000_000);
    scroller.to(500_000);
    windows.reset();
    push(30);
    expect(scroller.position).toBe(1);
    expect(scroller.range).toEqual({ first: 1, last: 30 });
  });
});
