// The problems of a script as the page shows them, with one source of its own: where the last run failed.
import { useEffect, useMemo } from "react";
import type { Run } from "~/api/types";
import { evidenceOf, runTitle } from "~/features/runs/describe";
import { useStore } from "~/lib/store";
import { type Found, listed, problemsOf, report } from "./problems";

export function useProblems(scriptId: string, run: Run | undefined): readonly Found[] {
  const known = useStore(problemsOf(scriptId));
  const traceback = evidenceOf(run?.outcome)?.traceback;
  const place = traceback?.location;
  const source = run ? runTitle(run) : "Run";
  const message = traceback ? `${traceback.exception}${traceback.message ? `: ${traceback.message}` : ""}` : "";
  const { path, line } = place ?? {};
  useEffect(() => {
    if (path === undefined || line === undefined) return;
    report(scriptId, source, path, [{ path, line, column: 1, severity: "error", message }]);
    return () => report(scriptId, source, path, []);
  }, [scriptId, source, path, line, message]);
  return useMemo(() => listed(known), [known]);
}
