// Variables and secrets that every script gets, and the key that secrets are sealed with.
import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { AboutMasking } from "./about-masking";
import { KeyPanel } from "./key-panel";
import { globalVariablesQuery, useReplaceGlobal } from "./requests";
import { VariablesForm } from "./variables-form";

export function GlobalVariablesPanel() {
  const { data, error, refetch } = useQuery(globalVariablesQuery);
  const save = useReplaceGlobal();
  return (
    <>
      <Panel
        id="variables"
        title="Variables of every script"
        actions={<span className="text-ink-3 text-xs max-sm:hidden">A script's own go before them</span>}
      >
        <AboutMasking />
        {data ? (
          <VariablesForm stored={data.items} empty="What is added here, every run of every script gets." save={save} />
        ) : error ? (
          <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" />
        ) : (
          <SkeletonRows rows={3} height={64} />
        )}
      </Panel>
      <KeyPanel />
    </>
  );
}
