// How much of the past is kept, of all scripts.
import type { SettingsView } from "~/api/types";
import { Panel } from "~/components/ui/panel";
import { boundText, resolved, whole } from "~/features/retention/retention";
import { RetentionForm } from "~/features/retention/retention-form";
import type { ChangeSettings } from "./use-change-settings";

export function RetentionPanel({ settings, change }: { settings: SettingsView; change: ChangeSettings }) {
  const defaults = whole(settings.defaults.retention);
  return (
    <Panel
      id="retention"
      title="Retention"
      actions={<span className="text-ink-3 text-xs max-sm:hidden">A script's own settings go before it</span>}
    >
      <RetentionForm
        set={whole(settings.set.retention)}
        above={defaults}
        standards={{
          max_age_days: `Default: ${boundText("max_age_days", defaults.max_age_days)}`,
          max_runs: `Default: ${boundText("max_runs", defaults.max_runs)}`,
          max_bytes: `Default: ${boundText("max_bytes", defaults.max_bytes)}`,
        }}
        hints={{
          max_age_days: "Runs that were queued longer ago are removed.",
          max_runs: "Of each script the newest stay, so that a busy one does not push out the others.",
          max_bytes: "Logs and artifacts of all runs of all scripts together; the oldest runs go first.",
        }}
        termsOf={(proposed) => resolved(proposed, defaults)}
        save={{
          mutate: (retention, options) => change.mutate({ retention }, options),
          isPending: change.isPending,
          error: change.error,
        }}
      />
    </Panel>
  );
}
