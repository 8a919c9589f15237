// What a script asks for, what is locked and installed, what is newer, and the builds that bring them in step.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { dependenciesQuery, scriptQuery } from "~/api/queries";
import type { Dependencies } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { nameOf, normalName, withoutPackage } from "~/lib/requirements";
import { AskedPanel } from "./asked-panel";
import { BuildLog } from "./build-log";
import { CheckResult } from "./check-result";
import { EnvironmentsPanel } from "./environments-panel";
import { PackagesTable } from "./packages-table";
import { StatePanel } from "./state-panel";
import { useDraft } from "./use-draft";
import { useEnvironment } from "./use-environment";
import { useLookalikes } from "./use-lookalikes";

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
  const { data: script } = useQuery(scriptQuery(scriptId));
  const acts = useEnvironment(scriptId, data);
  const draft = useDraft(scriptId, data);
  const lookalikes = useLookalikes(scriptId, data, draft);
  const listed = new Set(draft.lines.map((line) => normalName(nameOf(line))));
  const update = (packages: string[]) => {
    acts.forget();
    acts.build.mutate({ action: "update", packages });
  };
  return (
    <div className="flex flex-col gap-4">
      <StatePanel data={data} acts={acts} unsaved={draft.changed} />
      {acts.buildId ? <BuildLog key={acts.buildId} runId={acts.buildId} onClose={acts.putAway} /> : null}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(320px,2fr)_4fr]">
        <AskedPanel
          scriptId={scriptId}
          entryFile={script?.entry_point ?? "main.py"}
          data={data}
          draft={draft}
          lookalikes={lookalikes}
          acts={acts}
        />
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Packages">
            {data.check ? <CheckResult check={data.check} busy={acts.busy} onApply={() => update([])} /> : null}
            {data.packages.length > 0 ? (
              <PackagesTable
                packages={data.packages}
                lookalikes={lookalikes}
                busy={acts.busy}
                isListed={(name) => listed.has(normalName(name))}
                onUpdate={(name) => update([name])}
                onRemove={(name) => draft.setLines(withoutPackage(draft.lines, name))}
              />
            ) : (
              <Empty title="No packages">
                Add <code className="num">requests</code>, say, and install: the exact versions and their hashes are
                locked, and every run finds them.
              </Empty>
            )}
          </Panel>
          {data.environments.length > 1 ? <EnvironmentsPanel items={data.environments} acts={acts} /> : null}
        </div>
      </div>
    </div>
  );
}
