/** Milliseconds to wait before try number `attempt` (from 0): 300 ms doubling to 10 s, spread so that many pages do
 * not return in the same instant. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(10_000, 300 * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.75 + random() * 0.5));
}

/** The address of a WebSocket on the server that served this page. */
export function socketUrl(path: string): string {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
