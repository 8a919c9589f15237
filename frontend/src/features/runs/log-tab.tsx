// The log of a run, filling what the header leaves. The picked lines are in the address.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useCallback, useMemo } from "react";
import { logUrl } from "~/api/commands";
import type { Run } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Menu, MenuItem } from "~/components/ui/menu";
import { type LineRange, parseRange, rangeParam } from "~/features/logs/line-range";
import { LogViewer } from "~/features/logs/log-viewer";
import type { RunLog } from "~/features/logs/run-log";
import { formatBytes } from "~/lib/format";

export function LogTab({ run, log }: { run: Run; log: RunLog }) {
  const { line } = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const picked = useMemo(() => parseRange(line), [line]);
  const onPick = useCallback(
    (range: LineRange | null) => {
      const search = (before: object) => ({ ...before, line: range ? rangeParam(range) : undefined });
      void navigate({ search, replace: true, resetScroll: false });
    },
    [navigate],
  );
  return (
    <LogViewer
      log={log}
      run={run}
      wholePage
      picking={{ picked, onPick }}
      className="min-h-80 flex-1"
      toolbar={<LogTools run={run} />}
    />
  );
}

function LogTools({ run }: { run: Run }) {
  const { log } = run;
  return (
    <Menu
      align="start"
      trigger={
        <Button look="quiet" size="sm">
          <Download aria-hidden /> Download
        </Button>
      }
    >
      <MenuItem asChild>
        <a href={logUrl(run.id, { format: "text" })} download={`run-${run.number}.log`}>
          Both streams
        </a>
      </MenuItem>
      {(["stdout", "stderr"] as const).map((stream) => (
        <MenuItem asChild key={stream}>
          <a href={logUrl(run.id, { format: "raw", stream })} download={`run-${run.number}.${stream}`}>
            {stream}, the exact bytes
            {log ? (
              <span className="num ml-auto pl-4 text-ink-3">
                {formatBytes(stream === "stdout" ? log.stdout_bytes : log.stderr_bytes)}
              </span>
            ) : null}
          </a>
        </MenuItem>
      ))}
    </Menu>
  );
}
