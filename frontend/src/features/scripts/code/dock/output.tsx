// The log of the script's newest run, and in a few words how that run stands.
import { Link } from "@tanstack/react-router";
import { ExternalLink, Square } from "lucide-react";
import type { ReactNode } from "react";
import { isActive, type Run } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Empty } from "~/components/ui/panel";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Kbd } from "~/components/ui/tag";
import { Duration } from "~/components/ui/time";
import { LogViewer } from "~/features/logs/log-viewer";
import { useRunLog } from "~/features/logs/use-run-log";
import { useStopRun } from "~/features/runs/actions";
import { evidenceOf, headline, runTitle } from "~/features/runs/describe";
import { modKey } from "~/lib/platform";

/** Shows a line of a file in the editor. */
export type OnPlace = (path: string, line: number) => void;

interface OutputProps {
  run: Run | undefined;
  bar: ReactNode;
  onPlace: OnPlace;
}

export function Output({ run, bar, onPlace }: OutputProps) {
  const log = useRunLog(run ?? null);
  if (!run || !log)
    return (
      <>
        <Bar>{bar}</Bar>
        {run ? null : (
          <Empty title="No run yet" className="py-6">
            <span className="inline-flex items-center gap-1">
              <Kbd>{modKey}</Kbd>
              <Kbd>Enter</Kbd> saves and runs; what it prints comes here.
            </span>
          </Empty>
        )}
      </>
    );
  return (
    <LogViewer
      key={run.id}
      log={log}
      run={run}
      toolbar={bar}
      className="h-full"
      onPlace={({ path, line }) => onPlace(path, line)}
    />
  );
}

/** A row as tall as the log's own tools. */
export const Bar = ({ children }: { children: ReactNode }) => (
  <div className="flex h-9 shrink-0 items-center border-line border-b px-2">{children}</div>
);

export function RunWords({ run, onPlace }: { run: Run; onPlace: OnPlace }) {
  const stop = useStopRun();
  const place = evidenceOf(run.outcome)?.traceback?.location;
  return (
    <div
      className="flex min-w-0 items-center gap-2 pl-2 text-sm"
      data-testid="dock-run"
      data-run={run.id}
      data-state={run.state}
    >
      <StateMark mark={markOf(run)} />
      <span className="truncate-line font-medium">{headline(run)}</span>
      {place ? (
        <button
          type="button"
          onClick={() => onPlace(place.path, place.line)}
          className="num shrink-0 rounded-sm text-accent-ink hover:underline"
        >
          {place.path}:{place.line}
        </button>
      ) : null}
      <span className="truncate-line text-ink-3 max-lg:hidden">
        {runTitle(run)} · <Duration from={run.started_at} to={run.finished_at} />
      </span>
      <Link
        to="/runs/$runId"
        params={{ runId: run.id }}
        aria-label={`Open ${runTitle(run)}`}
        className="inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-3 hover:text-ink"
      >
        <ExternalLink aria-hidden className="size-3.5" />
      </Link>
      {isActive(run) ? (
        <Button
          look="danger"
          size="sm"
          busy={stop.isPending || run.state === "stopping"}
          disabled={run.state === "collecting"}
          onClick={() => stop.mutate(run.id)}
        >
          <Square aria-hidden /> Stop
        </Button>
      ) : null}
    </div>
  );
}
