// Variables and secrets of one script, over those that every script gets.
import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { AboutMasking } from "./about-masking";
import { scriptVariablesQuery, useReplaceOfScript } from "./requests";
import { VariablesForm } from "./variables-form";

export function ScriptVariablesPanel({ scriptId }: { scriptId: string }) {
  const { data, error, refetch } = useQuery(scriptVariablesQuery(scriptId));
  const save = useReplaceOfScript(scriptId);
  return (
    <Panel id="variables" title="Variables and secrets">
      <AboutMasking />
      {data ? (
        <VariablesForm
          stored={data.items}
          inherited={data.inherited}
          empty="What is added here, every run of this script finds in its environment."
          save={save}
        />
      ) : error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" />
      ) : (
        <SkeletonRows rows={3} height={64} />
      )}
    </Panel>
  );
}
