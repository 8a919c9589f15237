// What the script asks for, what is locked and installed, and the build that brings the two in step.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { AlignLeft, List } from "lucide-react";
import { useState } from "react";
import { installDependencies, saveRequirements } from "~/api/commands";
import { dependenciesQuery } from "~/api/queries";
import type { Dependencies, Run } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { usePreference } from "~/lib/preference";
import { recall, remember } from "~/lib/storage";
import { EnvironmentMark, environmentWhy } from "../environment-badge";
import { BuildLog } from "./build-log";
import { PackagesTable } from "./packages-table";
import { RequirementEditor } from "./requirement-editor";
import { sameRequirements, wrongLine } from "./requirements";

export function DependenciesTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/dependencies" });
  const query = useQuery(dependenciesQuery(scriptId));
  return (
    <Page>
      {query.error && !query.data ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isPending ? (
        <Panel>
          <SkeletonRows rows={4} />
        </Panel>
      ) : null}
      {query.data ? <DependenciesView key={scriptId} scriptId={scriptId} data={query.data} /> : null}
    </Page>
  );
}

function DependenciesView({ scriptId, data }: { scriptId: string; data: Dependencies }) {
  const queryClient = useQueryClient();
  const [view, setView] = usePreference<"list" | "text">("requirements.view", "list");
  const draft = useRequirementsDraft(scriptId, data.requirements);
  const { environment } = data;
  const learn = (answer: Dependencies) => queryClient.setQueryData(["script", scriptId, "dependencies"], answer);
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["script", scriptId] });

  const save = useMutation({
    mutationFn: () => saveRequirements(scriptId, draft.lines),
    onSuccess: async (answer) => {
      if (answer) learn(answer);
      await refresh();
      draft.clear();
    },
  });
  const install = useMutation({
    mutationFn: async () => {
      if (draft.changed) await save.mutateAsync();
      return (await installDependencies(scriptId)).run;
    },
    onSuccess: (run) => {
      queryClient.setQueryData<Run>(["run", run.id], run);
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
      void refresh();
    },
  });
  const error = save.error ?? install.error;
  const building = environment.state === "building";
  const [installed, setInstalled] = useState<string | null>(null);
  if (install.data && install.data.id !== installed) setInstalled(install.data.id);
  const buildId = building || environment.state === "failed" ? (environment.build_run_id ?? installed) : installed;

  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(320px,2fr)_3fr]">
      <div className="flex min-w-0 flex-col gap-4">
        <Panel
          title="Asked for"
          actions={
            <Segmented
              label="How to edit"
              value={view}
              onChange={setView}
              options={[
                { value: "list", label: <List aria-hidden />, title: "As a list" },
                { value: "text", label: <AlignLeft aria-hidden />, title: "As text" },
              ]}
            />
          }
        >
          <RequirementEditor lines={draft.lines} onChange={draft.set} view={view} wrong={wrongLine(error)} />
          <footer className="flex flex-wrap items-center gap-2 border-line border-t px-4 py-2.5">
            <span className="text-sm" title={environmentWhy(environment)}>
              {draft.changed ? (
                <span className="text-ink-3">Not saved yet</span>
              ) : (
                <EnvironmentMark status={environment} />
              )}
            </span>
            <span className="ml-auto flex gap-2">
              <Button disabled={!draft.changed} busy={save.isPending} onClick={() => save.mutate()}>
                Save
              </Button>
              <Button
                look="primary"
                busy={install.isPending || building}
                disabled={!draft.changed && (environment.state === "in_step" || environment.state === "not_needed")}
                onClick={() => install.mutate()}
              >
                {draft.changed ? "Save and install" : "Install"}
              </Button>
            </span>
          </footer>
        </Panel>
        {error ? (
          <ErrorNotice
            error={error}
            unchanged={save.error ? "The list was not saved; it is kept here." : "Nothing was installed."}
          />
        ) : null}
        {environment.state === "failed" || environment.state === "needs_install" || environment.state === "missing" ? (
          <p className="px-1 text-ink-2 text-sm">{environmentWhy(environment)}</p>
        ) : null}
      </div>
      <Panel title="Packages">
        {data.packages.length > 0 ? (
          <PackagesTable packages={data.packages} />
        ) : (
          <Empty title="No packages">
            Add <code className="num">requests</code>, say, and install: the exact versions and their hashes are locked,
            and every run finds them.
          </Empty>
        )}
      </Panel>
      {buildId ? (
        <div className="lg:col-span-2">
          <BuildLog key={buildId} runId={buildId} />
        </div>
      ) : null}
    </div>
  );
}

/** The lines as edited. What is not saved is kept in this browser, like a draft of code. */
function useRequirementsDraft(scriptId: string, saved: string[]) {
  const key = `draft.${scriptId}.requirements`;
  const [typed, setTyped] = useState<string[] | null>(() => recall(key)?.split("\n") ?? null);
  const lines = typed ?? saved;
  return {
    lines,
    changed: typed !== null && !sameRequirements(typed, saved),
    set: (next: string[]) => {
      setTyped(next);
      remember(key, next.join("\n"));
    },
    clear: () => {
      setTyped(null);
      remember(key, null);
    },
  };
}
