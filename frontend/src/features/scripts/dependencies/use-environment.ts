// Everything that can be done to a script's environment, with what the query cache must learn from it. One thing at
// a time: `busy` says that something is under way, `error` is what the last refusal said.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  checkDependencies,
  installDependencies,
  rebuildEnvironment,
  resolveInline,
  rollBack,
  saveRequirements,
  updateDependencies,
  verifyEnvironment,
} from "~/api/commands";
import type { Dependencies, Run } from "~/api/types";

export type BuildOrder =
  | { action: "install" | "check" | "rebuild" }
  /** No names: all of them. */
  | { action: "update"; packages?: string[] };

function order(scriptId: string, wanted: BuildOrder): Promise<{ run: Run }> {
  switch (wanted.action) {
    case "install":
      return installDependencies(scriptId);
    case "check":
      return checkDependencies(scriptId);
    case "rebuild":
      return rebuildEnvironment(scriptId);
    case "update":
      return updateDependencies(scriptId, wanted.packages);
  }
}

export interface SavedList {
  requirements: string[];
  buildFromSource?: string[];
}

export function useEnvironment(scriptId: string, data: Dependencies) {
  const queryClient = useQueryClient();
  const [started, setStarted] = useState<string | null>(null);
  const learn = (answer: Dependencies) => queryClient.setQueryData(["script", scriptId, "dependencies"], answer);
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["script", scriptId] });
  /** What was refused before is past once something else is tried. */
  const forget = () => {
    for (const each of [build, save, verify, back, resolve]) if (!each.isPending) each.reset();
  };

  const build = useMutation({
    mutationFn: async (wanted: BuildOrder) => (await order(scriptId, wanted)).run,
    onSuccess: (run) => {
      setStarted(run.id);
      queryClient.setQueryData<Run>(["run", run.id], run);
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
      void refresh();
    },
  });
  const answers = {
    onSuccess: async (answer: Dependencies) => {
      learn(answer);
      await refresh();
    },
  };
  const save = useMutation({
    mutationFn: (list: SavedList) => saveRequirements(scriptId, list.requirements, list.buildFromSource),
    ...answers,
  });
  // Nothing is read again after it: an answer without `verify` would be the older one.
  const verify = useMutation({ mutationFn: () => verifyEnvironment(scriptId), onSuccess: learn });
  const back = useMutation({ mutationFn: (key: string) => rollBack(scriptId, key), ...answers });
  const resolve = useMutation({ mutationFn: (use: "file" | "list") => resolveInline(scriptId, use), ...answers });

  const { environment } = data;
  const building = environment.state === "building";
  // The build under way is shown whoever started it, and stays when it is over.
  if (building && environment.build_run_id && environment.build_run_id !== started)
    setStarted(environment.build_run_id);
  return {
    build,
    save,
    verify,
    back,
    resolve,
    forget,
    building,
    busy: building || build.isPending || back.isPending || resolve.isPending,
    /** Shown with its log: what is under way, or was since the tab was opened. */
    buildId: started,
    putAway: () => setStarted(null),
  };
}

export type EnvironmentActs = ReturnType<typeof useEnvironment>;
