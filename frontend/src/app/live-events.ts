// Carries the event stream into the query cache, so that every page shows what is true now without asking again.
// A run is written where it is known; lists that may gain or lose it are read again, at most once a second.
import type { QueryClient } from "@tanstack/react-query";
import { openEvents } from "~/api/event-socket";
import { newerRun, type RunPages, replaceRun } from "~/api/queries";
import type { EventFrame, Run, Script, System } from "~/api/types";

const REREAD_MS = 1000;
const SOON_MS = 50;

export function followEvents(queryClient: QueryClient): () => void {
  const stale = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;

  /** Reads queries again: at once after a quiet second, and then once a second however many events come. */
  const reread = (...keys: readonly string[][]) => {
    for (const key of keys) stale.add(JSON.stringify(key));
    timer ??= setTimeout(
      () => {
        timer = undefined;
        last = Date.now();
        for (const key of stale) void queryClient.invalidateQueries({ queryKey: JSON.parse(key) as string[] });
        stale.clear();
      },
      Math.max(SOON_MS, last + REREAD_MS - Date.now()),
    );
  };

  const onRun = (run: Run) => {
    const before = queryClient.getQueryData<Run>(["run", run.id]);
    queryClient.setQueryData<Run>(["run", run.id], (known) => newerRun(known, run));
    queryClient.setQueryData<Script>(["script", run.script_id], (script) => (script ? withRun(script, run) : script));
    let listed = false;
    queryClient.setQueriesData<RunPages>({ queryKey: ["runs"] }, (data) => {
      const next = replaceRun(data, run);
      listed ||= next !== data;
      return next;
    });
    if (before?.state !== run.state || !listed)
      reread(["dashboard"], ["runs"], ["run-totals"], ["scripts"], ["schedules"]);
    if (run.state === "finished") reread(["script", run.script_id]);
  };

  const onSystem = (system: System) => {
    queryClient.setQueryData(["system"], system);
    // It is also told when settings were changed, be it elsewhere, and after an examination; what a run waits for may be the engine.
    reread(["settings"], ["doctor"], ["runs"], ["dashboard"], ["schedules"]);
  };

  const onFrame = (frame: EventFrame) => {
    if (frame.type === "run") onRun(frame.run);
    else if (frame.type === "script")
      reread(["script", frame.script_id], ["scripts"], ["tags"], ["dashboard"], ["schedules"]);
    else if (frame.type === "files") reread(["script", frame.script_id, "files"]);
    else if (frame.type === "images") reread(["images"]);
    else if (frame.type === "backups") reread(["backups"]);
    else if (frame.type === "cleanup") reread(["cleanup"]);
    else if (frame.type === "webhook") reread(["webhooks"]);
    else if (frame.type === "system") onSystem(frame.system);
    else if (frame.type === "missed") void queryClient.invalidateQueries();
  };

  const close = openEvents({ onFrame, onRegained: () => void queryClient.invalidateQueries() });
  return () => {
    clearTimeout(timer);
    close();
  };
}

/** The script's newest run of its own kind; a build is not a run of the script. */
function withRun(script: Script, run: Run): Script {
  if (run.kind !== "script") return script;
  const last = script.last_run;
  if (last && last.number > run.number) return script;
  return { ...script, last_run: newerRun(last ?? undefined, run) };
}
