import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CODES } from "./after-close";
import { Language } from "./language";

class FakeSocket extends EventTarget {
  static made: FakeSocket[] = [];
  closed = false;
  constructor(readonly url: string) {
    super();
    FakeSocket.made.push(this);
  }
  close() {
    this.closed = true;
  }
  opens() {
    this.dispatchEvent(new Event("open"));
  }
  says() {
    this.dispatchEvent(new MessageEvent("message", { data: "{}" }));
  }
  isClosed(code: number, reason = "") {
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }
}

const ends = vi.fn();

function language() {
  return new Language({
    scriptId: "abc",
    client: () => ({ end: ends }),
    socket: FakeSocket as unknown as new (url: string) => WebSocket,
    wait: () => 100,
  });
}

const last = () => FakeSocket.made[FakeSocket.made.length - 1] as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  ends.mockClear();
});
afterEach(() => vi.useRealTimers());

it("is one connection for all who use it, and goes with the last", () => {
  const shared = language();
  const [first, second] = [shared.use(), shared.use()];
  expect(FakeSocket.made).toHaveLength(1);
  expect(last().url).toContain("/api/v1/scripts/abc/tools/language");
  last().opens();
  expect(shared.status.get().state).toBe("connecting");
  last().says();
  expect(shared.status.get().state).toBe("ready");
  first();
  first();
  expect(last().closed).toBe(false);
  second();
  expect(last().closed).toBe(true);
  expect(ends).toHaveBeenCalledTimes(1);
  expect(shared.status.get().state).toBe("off");
});

it("comes back after a death with a client of its own", () => {
  const shared = language();
  shared.use();
  last().opens();
  last().isClosed(CODES.died, "the language server died");
  expect(ends).toHaveBeenCalledTimes(1);
  expect(FakeSocket.made).toHaveLength(1);
  vi.advanceTimersByTime(100);
  expect(FakeSocket.made).toHaveLength(2);
});

it("sleeps when nobody asked, and wakes when somebody does", () => {
  const shared = language();
  shared.use();
  last().opens();
  last().isClosed(CODES.idle);
  vi.advanceTimersByTime(60_000);
  expect([FakeSocket.made.length, shared.status.get().state]).toEqual([1, "asleep"]);
  shared.wake();
  shared.wake();
  expect([FakeSocket.made.length, shared.status.get().state]).toEqual([2, "connecting"]);
});

it("says why there are no tools, and tries again only when asked", () => {
  const shared = language();
  shared.use();
  last().opens();
  last().isClosed(CODES.unavailable, "the image is not here");
  expect(shared.status.get()).toEqual({ state: "unavailable", reason: "the image is not here" });
  shared.wake();
  expect(FakeSocket.made).toHaveLength(1);
  shared.again();
  expect(FakeSocket.made).toHaveLength(2);
});

it("gives up on what does not stay", () => {
  const shared = language();
  shared.use();
  for (let n = 0; n < 6; n++) {
    last().isClosed(1006);
    vi.advanceTimersByTime(100);
  }
  expect(FakeSocket.made).toHaveLength(6);
  expect(shared.status.get().state).toBe("unavailable");
});
