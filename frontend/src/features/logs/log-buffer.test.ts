import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LogBuffer, type LogStream } from "./log-buffer";

const AT = "2026-03-01T10:00:00Z";
const lines = (buffer: LogBuffer) => Array.from({ length: buffer.count }, (_, i) => buffer.line(i)?.text);

function feed(buffer: LogBuffer, ...records: [LogStream, string][]) {
  for (const [stream, text] of records) buffer.push({ seq: buffer.lastSeq + 1, at: AT, stream, text });
}

describe("lines", () => {
  it("joins a line that arrives in pieces", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "hel"], ["stdout", "lo\nwor"], ["stdout", "ld\n"]);
    expect(lines(buffer)).toEqual(["hello", "world"]);
  });

  it("joins per stream when the other stream speaks in between", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "a"], ["stderr", "x\n"], ["stdout", "b\n"], ["stdout", "c\n"]);
    expect(lines(buffer)).toEqual(["ab", "x", "c"]);
    expect(buffer.line(1)?.stream).toBe("stderr");
    expect(buffer.line(2)?.n).toBe(3);
  });

  it("keeps empty lines", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "a\n\nb\n"]);
    expect(lines(buffer)).toEqual(["a", "", "b"]);
  });

  it("treats CRLF as one line end, also when a record ends between the two", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "a\r\nb\r"], ["stdout", "\nc\r\n"]);
    expect(lines(buffer)).toEqual(["a", "b", "c"]);
  });

  it("lets a carriage return overwrite the line, as a progress bar does", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "10%\r"], ["stdout", "50%\r90%"], ["stdout", "\r100%\ndone\n"]);
    expect(lines(buffer)).toEqual(["100%", "done"]);
  });

  it("shows each notice of the system as a line by itself", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "half"], ["system", "4 MB skipped"], ["system", "more"]);
    expect(lines(buffer)).toEqual(["half", "4 MB skipped", "more"]);
  });

  it("clips an endless line and says by how much", () => {
    const buffer = new LogBuffer({ maxLineChars: 10 });
    feed(buffer, ["stdout", "x".repeat(8)], ["stdout", "y".repeat(8)], ["stdout", "z"]);
    expect(buffer.line(0)).toMatchObject({ text: "xxxxxxxxyy", clipped: 7 });
  });

  it("replaces a changed line instead of changing it", () => {
    const buffer = new LogBuffer();
    feed(buffer, ["stdout", "a"]);
    const before = buffer.line(0);
    feed(buffer, ["stdout", "b"]);
    expect(before?.text).toBe("a");
    expect(buffer.line(0)).not.toBe(before);
  });
});

describe("repeats and bounds", () => {
  it("ignores records that were seen", () => {
    const buffer = new LogBuffer();
    const record = { seq: 4, at: AT, stream: "stdout" as const, text: "once\n" };
    expect(buffer.push(record)).toBe(true);
    expect(buffer.push(record)).toBe(false);
    expect(buffer.push({ ...record, seq: 3 })).toBe(false);
    expect(lines(buffer)).toEqual(["once"]);
  });

  it("drops the oldest lines and keeps counting", () => {
    const buffer = new LogBuffer({ maxLines: 100 });
    for (let i = 1; i <= 250; i++) feed(buffer, ["stdout", `${i}\n`]);
    expect(buffer.count).toBeLessThanOrEqual(100);
    expect(buffer.dropped + buffer.count).toBe(250);
    expect(buffer.line(0)?.text).toBe(String(buffer.line(0)?.n));
    expect(buffer.line(buffer.count - 1)?.n).toBe(250);
  });

  it("bounds characters as well", () => {
    const buffer = new LogBuffer({ maxChars: 1000, maxLines: 10_000 });
    for (let i = 0; i < 50; i++) feed(buffer, ["stdout", `${"x".repeat(99)}\n`]);
    expect(buffer.text().length).toBeLessThanOrEqual(1000);
    expect(buffer.dropped + buffer.count).toBe(50);
  });

  it("starts a new line when the open one was dropped", () => {
    const buffer = new LogBuffer({ maxLines: 10 });
    feed(buffer, ["stderr", "open"]);
    for (let i = 0; i < 40; i++) feed(buffer, ["stdout", `${i}\n`]);
    feed(buffer, ["stderr", "rest\n"]);
    expect(buffer.line(buffer.count - 1)?.text).toBe("rest");
  });
});

describe("flushing", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("tells listeners once for many records", () => {
    const buffer = new LogBuffer();
    const heard = vi.fn();
    buffer.subscribe(heard);
    for (let i = 0; i < 1000; i++) feed(buffer, ["stdout", "x\n"]);
    expect(heard).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(heard).toHaveBeenCalledTimes(1);
    feed(buffer, ["stdout", "y\n"]);
    vi.advanceTimersByTime(100);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it("goes quiet when disposed", () => {
    const buffer = new LogBuffer();
    const heard = vi.fn();
    buffer.subscribe(heard);
    feed(buffer, ["stdout", "x\n"]);
    buffer.dispose();
    vi.advanceTimersByTime(1000);
    expect(heard).not.toHaveBeenCalled();
  });
});
