// Drives a search in logs: asks, feeds what comes into the findings a few times a second, ends it when it has enough,
// when somebody cancels, and when the page is left.
import { useCallback, useEffect, useRef, useState } from "react";
import type { SearchFrame } from "../contract";
import { type LogQuery, searchLogs } from "../requests";
import { type Findings, MOST_RUNS, NOTHING, withFrames } from "./findings";

const FLUSH_MS = 120;

export type SearchState = "idle" | "searching" | "done";

export interface LogSearch {
  state: SearchState;
  findings: Findings;
  error: unknown;
  cancel: () => void;
  /** Looks at older runs, from where it ended. */
  goOn: () => void;
}

/** Searches as soon as there is something to look for, and anew whenever that changes. */
export function useLogSearch(query: LogQuery | null): LogSearch {
  const [state, setState] = useState<SearchState>("idle");
  const [findings, setFindings] = useState(NOTHING);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const latest = useRef(NOTHING);
  const key = query ? JSON.stringify(query) : null;

  const show = useCallback((next: Findings) => {
    latest.current = next;
    setFindings(next);
  }, []);

  const run = useCallback(
    async (asked: LogQuery, base: Findings) => {
      const controller = new AbortController();
      running.current?.abort();
      running.current = controller;
      setState("searching");
      setError(null);
      show({ ...base, stopped: null });
      const pending: SearchFrame[] = [];
      const flush = () => {
        if (pending.length > 0) show(withFrames(base, latest.current, pending.splice(0)));
      };
      let enough = false;
      const timer = setInterval(flush, FLUSH_MS);
      try {
        let room = MOST_RUNS;
        for await (const frame of searchLogs(asked, controller.signal)) {
          if (frame.type === "failed") throw new Error(frame.message);
          pending.push(frame);
          if (frame.type === "run" && --room === 0) break;
        }
        if (room === 0) enough = true;
      } catch (failure) {
        if (!controller.signal.aborted) setError(failure);
      }
      clearInterval(timer);
      // One that was cancelled has told its state already; one that was replaced has no say any more.
      if (running.current !== controller) return;
      running.current = null;
      flush();
      if (enough) show({ ...latest.current, stopped: "enough" });
      setState("done");
    },
    [show],
  );

  useEffect(() => {
    if (key === null) {
      setState("idle");
      show(NOTHING);
      return;
    }
    void run(JSON.parse(key) as LogQuery, NOTHING);
    return () => {
      running.current?.abort();
      running.current = null;
    };
  }, [key, run, show]);

  const cancel = useCallback(() => {
    running.current?.abort();
    running.current = null;
    setState("done");
    show({ ...latest.current, stopped: "cancelled" });
  }, [show]);

  const goOn = useCallback(() => {
    const { cursor } = latest.current;
    if (key === null || cursor === null) return;
    void run({ ...(JSON.parse(key) as LogQuery), cursor }, latest.current);
  }, [key, run]);

  return { state, findings, error, cancel, goOn };
}
