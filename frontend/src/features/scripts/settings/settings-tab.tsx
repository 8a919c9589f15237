// What the script is called, which Python it has, which variables its runs get, what they may use, what happens when they
// overlap, how long they are kept, who is told of them, how they are started from elsewhere, and the end of it.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { scriptQuery, systemQuery } from "~/api/queries";
import { isActive, type Script, type System } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Page, Panel } from "~/components/ui/panel";
import { limitOf } from "~/features/limits/limits";
import { LimitsForm } from "~/features/limits/limits-form";
import { TriggerPanel } from "~/features/triggers/trigger-panel";
import { ScriptVariablesPanel } from "~/features/variables/script-variables-panel";
import { ScriptNotificationsPanel } from "~/features/webhooks/script-notifications-panel";
import { useTrash } from "../use-trash";
import { GeneralForm } from "./general-form";
import { ImageForm } from "./image-form";
import { OverlapForm } from "./overlap-form";
import { RetentionSection } from "./retention-section";
import { useChangeScript } from "./use-change-script";

export function SettingsTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/settings" });
  const { data: script } = useQuery(scriptQuery(scriptId));
  const { data: system } = useQuery(systemQuery);
  if (!script) return null;
  return (
    <Page narrow className="flex flex-col gap-4">
      <GeneralForm key={`general-${script.id}`} script={script} />
      <ImageForm key={`image-${script.id}`} script={script} />
      <ScriptVariablesPanel key={`variables-${script.id}`} scriptId={script.id} />
      <LimitsSection key={`limits-${script.id}`} script={script} system={system} />
      <OverlapForm key={`overlap-${script.id}`} script={script} />
      <RetentionSection key={`retention-${script.id}`} script={script} />
      <ScriptNotificationsPanel key={`notifications-${script.id}`} scriptId={script.id} />
      <TriggerPanel key={`trigger-${script.id}`} scriptId={script.id} />
      <Danger script={script} />
    </Page>
  );
}

function LimitsSection({ script, system }: { script: Script; system: System | undefined }) {
  const change = useChangeScript(script);
  const { limit } = useSearch({ from: "/scripts/$scriptId/settings" });
  return (
    <Panel title="Limits of a run" actions={<span className="text-ink-3 text-xs">Empty means the default</span>}>
      <LimitsForm
        set={script.limits}
        defaults={system?.default_limits ?? null}
        engine={system?.engine}
        focus={limitOf(limit)}
        note="Runs that wait or run already keep the limits they were asked for with."
        save={{
          mutate: (limits, options) => change.mutate({ limits }, options),
          isPending: change.isPending,
          error: change.error,
        }}
      />
    </Panel>
  );
}

function Danger({ script }: { script: Script }) {
  const trash = useTrash();
  const navigate = useNavigate();
  const running = script.last_run ? isActive(script.last_run) : false;
  const go = async () => {
    if (await trash(script)) await navigate({ to: "/scripts", search: {} });
  };
  return (
    <Panel title="Delete" danger>
      <div className="flex flex-wrap items-center gap-4 p-4">
        <p className="min-w-0 flex-1 basis-72 text-ink-2 text-sm">
          {running
            ? "A run of it is not over yet. Stop it or wait for its end, then the script can be deleted."
            : "The script goes to the trash with its files and its environment, and can be brought back. Its runs stay in the history."}
        </p>
        <Button look="danger" disabled={running} onClick={() => void go()}>
          Delete script
        </Button>
      </div>
    </Panel>
  );
}
