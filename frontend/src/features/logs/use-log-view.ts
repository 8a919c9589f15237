// What a viewer of one log holds together: where it looks (the scroller), what it searches for, which lines are picked,
// and the acts that need all of them: going to a line, to the first error, to a match; copying.
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { toast } from "sonner";
import type { Run } from "~/api/types";
import { toastError } from "~/components/ui/error-notice";
import { plural } from "~/lib/format";
import { plainText } from "./ansi";
import type { LogStream, SearchMatch, SearchWords } from "./contract";
import { type LineRange, pick, rangeParam } from "./line-range";
import { fetchLines, searchLines } from "./log-requests";
import { LogScroller } from "./log-scroller";
import { LogSearch } from "./log-search";
import type { RunLog } from "./run-log";

/** Lines that are copied at most; more are for the download. */
export const COPIED = 20_000;
const TRACEBACK = "Traceback (most recent call last)";

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

export interface Picking {
  picked: LineRange | null;
  onPick: (range: LineRange | null) => void;
}

export function useLogView(log: RunLog, run: Run, outer: Picking | undefined) {
  const scroller = useMemo(() => new LogScroller(log.windows), [log]);
  const search = useMemo(
    () => new LogSearch((request, signal, take) => searchLines(run.id, request, signal, take)),
    [run.id],
  );
  useEffect(() => () => search.close(), [search]);
  const found = useSyncExternalStore(search.subscribe, search.get);

  const [own, setOwn] = useState<LineRange | null>(null);
  const { picked, onPick } = outer ?? { picked: own, onPick: setOwn };
  const anchor = useRef(0);
  /** What was picked by a click is in sight already. */
  const clicked = useRef<LineRange | null>(null);

  const goToLine = useCallback(
    async (line: number) => {
      try {
        let position = line;
        if (log.stream.get()) {
          const there = await log.windows.locate({ line }, 1);
          position = there.first;
          if (there.lines[0]?.line !== line) {
            log.show(null);
            await log.windows.locate({ line }, 1);
            position = line;
          }
        }
        scroller.to(position);
      } catch (error) {
        if (!isAbort(error)) toastError(error, "The log was not moved.");
      }
    },
    [log, scroller],
  );

  const goToMatch = useCallback(
    (match: SearchMatch | null) => {
      if (match && !scroller.shows(match.position)) scroller.to(match.position);
    },
    [scroller],
  );

  const pickLine = useCallback(
    (line: number, extend: boolean) => {
      const next = pick(picked, anchor.current || (picked?.from ?? line), line, extend);
      if (!extend || !picked) anchor.current = line;
      clicked.current = next;
      onPick(next);
    },
    [picked, onPick],
  );

  const show = useCallback(
    async (stream: LogStream | null) => {
      const followed = scroller.following;
      const line = log.windows.line(scroller.position)?.line;
      log.show(stream);
      search.close();
      if (followed || line === undefined) return scroller.follow(true);
      try {
        const there = await log.windows.locate({ line });
        scroller.to(there.first, "start");
      } catch (error) {
        if (!isAbort(error)) toastError(error, "The log is shown from its end.");
      }
    },
    [log, scroller, search],
  );

  const [seeking, setSeeking] = useState(false);
  const firstError = useCallback(async () => {
    setSeeking(true);
    try {
      const line = await findFirstError(run.id);
      if (line === null) toast("No traceback, and nothing on stderr");
      else {
        await goToLine(line);
        anchor.current = line;
        clicked.current = { from: line, to: line };
        onPick(clicked.current);
      }
    } catch (error) {
      toastError(error, "The log was not moved.");
    } finally {
      setSeeking(false);
    }
  }, [run.id, goToLine, onPick]);

  const copy = useCallback(
    async (range: LineRange | null) => {
      const { lines_all } = log.windows;
      const lines = range ? range.to - range.from + 1 : lines_all;
      if (lines > COPIED) {
        toast(`More than ${plural(COPIED, "line")}: download the log instead`);
        return;
      }
      try {
        const text = await textOf(run.id, log.stream.get(), range ?? { from: 1, to: lines_all });
        await navigator.clipboard.writeText(text.lines.join("\n"));
        toast(`${plural(text.lines.length, "line")} copied`, {
          description: text.cut > 0 ? `${plural(text.cut, "line")} too long to be whole: see the download` : undefined,
        });
      } catch (error) {
        toastError(error, "Nothing was copied.");
      }
    },
    [log, run.id],
  );

  const copyLink = useCallback(
    async (range: LineRange) => {
      const url = new URL(`/runs/${encodeURIComponent(run.id)}`, window.location.href);
      url.searchParams.set("line", String(rangeParam(range)));
      await navigator.clipboard.writeText(url.href);
      toast("Link copied");
    },
    [run.id],
  );

  // An address that names lines leads to them, as soon as it is known how many there are.
  const known = useSyncExternalStore(log.windows.subscribe, () => log.windows.known);
  const target = useRef<LineRange | null>(null);
  useEffect(() => {
    if (!known || !picked) {
      if (!picked) target.current = null;
      return;
    }
    const same = (other: LineRange | null) => other?.from === picked.from && other.to === picked.to;
    if (same(target.current) || same(clicked.current)) return;
    target.current = picked;
    anchor.current = picked.from;
    if (picked.from > log.windows.lines_all) toast(`The log has ${plural(log.windows.lines_all, "line")} so far`);
    else void goToLine(picked.from);
  }, [known, picked, goToLine, log]);

  const startSearch = useCallback((words: SearchWords) => search.start(words, log.stream.get()), [search, log]);

  // The first match that is found is gone to, so that the words just typed are seen.
  const first = found.matches[0];
  const none = found.current < 0;
  useEffect(() => {
    if (!first || !none) return;
    search.select(0);
    goToMatch(first);
  }, [first, none, search, goToMatch]);

  const step = useCallback((by: 1 | -1) => goToMatch(search.step(by)), [search, goToMatch]);

  return {
    scroller,
    search,
    found,
    picked,
    onPick,
    pickLine,
    goToMatch,
    show,
    firstError,
    seeking,
    copy,
    copyLink,
    startSearch,
    step,
  };
}

export type LogView = ReturnType<typeof useLogView>;

/** The first traceback, or else the first line on stderr. */
async function findFirstError(runId: string): Promise<number | null> {
  const abort = new AbortController();
  let line: number | null = null;
  try {
    await searchLines(
      runId,
      { q: TRACEBACK, regex: false, matchCase: true, order: "oldest", limit: 1 },
      abort.signal,
      (frame) => {
        if (frame.type !== "matches" || line !== null) return;
        line = frame.lines[0]?.line ?? null;
        abort.abort();
      },
    );
  } catch (error) {
    if (line === null) throw error;
  }
  if (line !== null) return line;
  const { lines } = await fetchLines(runId, { from: 1, limit: 1, stream: "stderr" }, new AbortController().signal);
  return lines[0]?.line ?? null;
}

async function textOf(runId: string, stream: LogStream | null, range: LineRange) {
  const { signal } = new AbortController();
  const lines: string[] = [];
  let cut = 0;
  let window = await fetchLines(runId, { line: range.from, limit: 2000, stream }, signal);
  for (;;) {
    for (const line of window.lines) {
      if (line.line > range.to) return { lines, cut };
      lines.push(plainText(line.text));
      if (line.cut > 0) cut++;
    }
    if (window.lines.length === 0) return { lines, cut };
    window = await fetchLines(runId, { from: window.first + window.lines.length, limit: 2000, stream }, signal);
  }
}
