import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { newerRun } from "~/api/queries";
import type { Run } from "~/api/types";
import { RunLog } from "./run-log";

/**
 * Follows the log of `run` for as long as the component shows it. A run that ends while it is followed stays on the
 * same windows; what its socket tells of the run goes into the query cache.
 */
export function useRunLog(run: Run | null | undefined): RunLog | null {
  const queryClient = useQueryClient();
  const [log, setLog] = useState<RunLog | null>(null);
  const latest = useRef(run);
  latest.current = run;
  const id = run?.id;

  useEffect(() => {
    const current = latest.current;
    if (!id || !current) {
      setLog(null);
      return;
    }
    const next = new RunLog(current, (told) => {
      queryClient.setQueryData<Run>(["run", told.id], (known) => newerRun(known, told));
    });
    setLog(next);
    next.start();
    return () => next.stop();
  }, [id, queryClient]);

  return log;
}
