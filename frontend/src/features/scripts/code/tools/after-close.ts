// What an editor does when its language server is gone, by the code with which the socket was closed. Pure.
import { backoff } from "~/lib/backoff";

export type Next =
  | { kind: "reconnect"; afterMs: number }
  /** It was stopped because nobody asked for anything; so nobody minds until somebody does. */
  | { kind: "when-used" }
  | { kind: "give-up"; reason: string };

/** Beyond these many failures in a row somebody has to ask for it. */
const MOST_FAILURES = 5;

export const CODES = { idle: 1001, died: 1011, environmentChanged: 1012, unavailable: 1013 } as const;

/** `failures` in a row, this one included; a talk that had begun to work counts as the first. */
export function afterClose(
  code: number,
  reason: string,
  failures: number,
  wait: (attempt: number) => number = backoff,
): Next {
  if (code === CODES.environmentChanged) return { kind: "reconnect", afterMs: 0 };
  if (code === CODES.idle) return { kind: "when-used" };
  if (code === CODES.unavailable) return { kind: "give-up", reason };
  if (failures > MOST_FAILURES) return { kind: "give-up", reason: reason || "The language server does not stay." };
  return { kind: "reconnect", afterMs: wait(failures - 1) };
}
