// The log of the script's newest run, docked under the editor: a bar that is always there, and a height of its own.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, ExternalLink, Square } from "lucide-react";
import { type PointerEvent, useRef } from "react";
import { runQuery } from "~/api/queries";
import { isActive, type Run, type Script } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Kbd } from "~/components/ui/tag";
import { Duration } from "~/components/ui/time";
import { LogViewer } from "~/features/logs/log-viewer";
import { useRunLog } from "~/features/logs/use-run-log";
import { useStopRun } from "~/features/runs/actions";
import { evidenceOf, headline, runTitle } from "~/features/runs/describe";
import { modKey } from "~/lib/platform";
import { useFlag, usePreference } from "~/lib/preference";

const LOWEST = 96;
const STEP = 40;

interface RunDockProps {
  script: Script;
  /** Shows a line of a file in the editor above. */
  onPlace: (path: string, line: number) => void;
}

export function RunDock({ script, onPlace }: RunDockProps) {
  const [open, setOpen] = useFlag("dock.open", true);
  const [stored, setHeight] = usePreference<string>("dock.height", "260");
  const newest = script.last_run ?? null;
  const { data: run } = useQuery({
    ...runQuery(newest?.id ?? ""),
    enabled: newest !== null,
    initialData: newest ?? undefined,
  });
  const log = useRunLog(open ? run : null);
  const height = Math.max(LOWEST, Number(stored) || 260);

  if (!run)
    return (
      <footer className="flex h-9 shrink-0 items-center gap-2 border-line border-t bg-panel px-4 text-ink-3 text-sm">
        No run yet. <Kbd>{modKey}</Kbd>
        <Kbd>Enter</Kbd> saves and runs.
      </footer>
    );
  const toolbar = (
    <>
      <RunWords run={run} onPlace={onPlace} />
      <IconButton label={open ? "Fold the log" : "Show the log"} onClick={() => setOpen(!open)} className="ml-auto">
        {open ? <ChevronDown /> : <ChevronUp />}
      </IconButton>
    </>
  );
  return (
    <section aria-label="Output of the last run" className="relative shrink-0 border-line border-t">
      {open ? <DockHandle height={height} onHeight={(next) => setHeight(String(next))} /> : null}
      {open && log ? (
        <div style={{ height: `min(${height}px, 55vh)` }}>
          <LogViewer
            key={run.id}
            log={log}
            run={run}
            toolbar={toolbar}
            className="h-full"
            onPlace={({ path, line }) => onPlace(path, line)}
          />
        </div>
      ) : (
        <div
          className="flex h-9 items-center gap-2 bg-panel px-2"
          style={open ? { height: `min(${height}px, 55vh)` } : undefined}
        >
          {toolbar}
        </div>
      )}
    </section>
  );
}

function RunWords({ run, onPlace }: { run: Run; onPlace: RunDockProps["onPlace"] }) {
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
      <span className="whitespace-nowrap text-ink-3 max-sm:hidden">
        {runTitle(run)} · <Duration from={run.started_at} to={run.finished_at} />
      </span>
      <Link
        to="/runs/$runId"
        params={{ runId: run.id }}
        aria-label={`Open ${runTitle(run)}`}
        className="inline-flex size-6 items-center justify-center rounded-sm text-ink-3 hover:text-ink"
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

/** Dragged by the pointer, or moved by the arrow keys. */
function DockHandle({ height, onHeight }: { height: number; onHeight: (next: number) => void }) {
  const start = useRef<{ y: number; height: number } | null>(null);
  const move = (event: PointerEvent) => {
    if (start.current) onHeight(Math.max(LOWEST, start.current.height + start.current.y - event.clientY));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator has no element of its own.
    <div
      role="separator"
      aria-label="Height of the log"
      aria-orientation="horizontal"
      aria-valuenow={height}
      aria-valuemin={LOWEST}
      tabIndex={0}
      className="absolute inset-x-0 -top-1 z-10 h-2 cursor-row-resize touch-none hover:bg-accent-soft focus-visible:bg-accent-soft"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { y: event.clientY, height };
      }}
      onPointerMove={move}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowUp") onHeight(height + STEP);
        if (event.key === "ArrowDown") onHeight(Math.max(LOWEST, height - STEP));
      }}
    />
  );
}
