// How much of this script's past is kept, where that is not as in Settings.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { settingsQuery } from "~/api/queries";
import type { Script } from "~/api/types";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { boundText, resolved, whole } from "~/features/retention/retention";
import { RetentionForm } from "~/features/retention/retention-form";
import { useChangeScript } from "./use-change-script";

export function RetentionSection({ script }: { script: Script }) {
  const { data } = useQuery(settingsQuery);
  const change = useChangeScript(script);
  const set = whole(script.retention);
  // The space in Settings is that of all scripts together: of one script's own it says nothing.
  const above = { ...whole(data?.in_force.retention), max_bytes: null };
  return (
    <Panel
      id="retention"
      title="Retention"
      actions={
        <Link
          to="/settings/$section"
          params={{ section: "retention" }}
          className="rounded-sm text-accent-ink text-xs hover:underline"
        >
          For all scripts
        </Link>
      }
    >
      {data ? (
        <RetentionForm
          set={set}
          above={above}
          labels={{ max_runs: "Runs" }}
          standards={{
            max_age_days: `As in Settings: ${boundText("max_age_days", above.max_age_days)}`,
            max_runs: `As in Settings: ${boundText("max_runs", above.max_runs)}`,
            max_bytes: "No bound of its own",
          }}
          hints={{
            max_age_days: "Runs of this script that were queued longer ago are removed.",
            max_runs: "The newest runs of this script stay.",
            max_bytes:
              "Logs and artifacts of this script's runs together; the oldest go first. The bound for all scripts holds too.",
          }}
          termsOf={(proposed) => ({ script: script.id, ...resolved(proposed, above) })}
          save={{
            mutate: (retention, options) => change.mutate({ retention }, options),
            isPending: change.isPending,
            error: change.error,
          }}
        />
      ) : (
        <SkeletonRows rows={3} height={60} />
      )}
    </Panel>
  );
}
