// The build as it goes: that it goes on, its log, and a way out.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ExternalLink, Square, X } from "lucide-react";
import { useEffect } from "react";
import { runQuery } from "~/api/queries";
import { isActive } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { Panel } from "~/components/ui/panel";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Duration } from "~/components/ui/time";
import { LogViewer } from "~/features/logs/log-viewer";
import { useRunLog } from "~/features/logs/use-run-log";
import { useStopRun } from "~/features/runs/actions";
import { buildRules, buildWord, headline, runTitle } from "~/features/runs/describe";
import { formatAbsolute } from "~/lib/format";

interface BuildLogProps {
  runId: string;
  /** Once it is over, it can be put away. */
  onClose: () => void;
}

export function BuildLog({ runId, onClose }: BuildLogProps) {
  const { data: run } = useQuery(runQuery(runId));
  const log = useRunLog(run);
  const stop = useStopRun();
  const queryClient = useQueryClient();
  const finished = run?.state === "finished";
  const scriptId = run?.script_id;
  useEffect(() => {
    if (finished && scriptId) void queryClient.invalidateQueries({ queryKey: ["script", scriptId] });
  }, [finished, scriptId, queryClient]);
  if (!run || !log) return null;
  const active = isActive(run);
  const rules = buildRules(run.build, formatAbsolute);
  return (
    <Panel aria-label="Build log" data-testid="build" data-state={run.state} data-outcome={run.outcome?.kind}>
      <div className="relative h-0.5 bg-line">
        {active ? <span className="absolute inset-y-0 w-1/4 animate-[slide_1.6s_ease-in-out_infinite] bg-run" /> : null}
      </div>
      <LogViewer
        log={log}
        run={run}
        className="h-60"
        toolbar={
          <span className="flex min-w-0 items-center gap-2 pl-2 text-sm">
            <StateMark mark={markOf(run)} />
            <span className="truncate-line font-medium">
              {buildWord(run.build)}
              {active ? null : `: ${headline(run).toLowerCase()}`}
            </span>
            <span className="text-ink-3 max-sm:hidden">
              {runTitle(run)} · <Duration from={run.started_at} to={run.finished_at} />
            </span>
            <Link
              to="/runs/$runId"
              params={{ runId }}
              aria-label={`Open ${runTitle(run)}`}
              className="inline-flex size-6 items-center justify-center rounded-sm text-ink-3 hover:text-ink"
            >
              <ExternalLink aria-hidden className="size-3.5" />
            </Link>
            {active ? (
              <Button
                look="danger"
                size="sm"
                busy={stop.isPending || run.state === "stopping"}
                onClick={() => stop.mutate(runId)}
              >
                <Square aria-hidden /> Cancel
              </Button>
            ) : (
              <IconButton label="Put the log away" dense onClick={onClose}>
                <X />
              </IconButton>
            )}
          </span>
        }
      />
      {rules ? <p className="border-line border-t px-4 py-2 text-ink-3 text-xs">{rules}</p> : null}
    </Panel>
  );
}
