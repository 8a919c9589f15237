// What Python said, to be read from the end: the exception, then the calls that led to it, the script's own as links
// into the editor.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, SquarePen } from "lucide-react";
import { useState } from "react";
import { scriptQuery } from "~/api/queries";
import type { Frame, Run, Traceback } from "~/api/types";
import { buttonClass } from "~/components/ui/button";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import { groupFrames, libraryFile } from "./traceback";

/** A place in the editor. */
const placeLink = (scriptId: string, path: string, line: number) =>
  ({ to: "/scripts/$scriptId/code", params: { scriptId }, search: { file: path, line } }) as const;

export function TracebackCard({ run, traceback }: { run: Run; traceback: Traceback }) {
  const { location } = traceback;
  return (
    <section
      aria-label="Traceback"
      data-testid="traceback"
      className="mt-2.5 min-w-0 rounded-md border border-line bg-panel"
    >
      <header className="flex items-start justify-between gap-3 border-line border-b py-2 pr-2 pl-3">
        <p className="min-w-0 py-0.5 font-mono text-[13px] leading-5 [overflow-wrap:anywhere]">
          <span className="font-semibold text-fail">{traceback.exception}</span>
          {traceback.message ? <span className="text-ink">: {traceback.message}</span> : null}
        </p>
        {location ? (
          <Link {...placeLink(run.script_id, location.path, location.line)} className={buttonClass("plain", "sm")}>
            <SquarePen aria-hidden />
            <span className="max-sm:sr-only">Open</span> {location.path.split("/").at(-1)}:{location.line}
          </Link>
        ) : null}
      </header>
      <ol className="py-1">
        {groupFrames(traceback.frames).map((group, index) =>
          group.own ? (
            <OwnFrame
              // biome-ignore lint/suspicious/noArrayIndexKey: a recursion repeats the same frame.
              key={index}
              run={run}
              frame={group.frame}
              place={group.frame.script_path === location?.path && group.frame.line === location?.line}
            />
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: see above.
            <LibraryFrames key={index} frames={group.frames} />
          ),
        )}
      </ol>
      <Moved run={run} />
    </section>
  );
}

const FRAME =
  "grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] items-baseline gap-x-3 px-3 py-0.5 font-mono text-[12.5px]";

function OwnFrame({ run, frame, place }: { run: Run; frame: Frame; place: boolean }) {
  const path = frame.script_path ?? frame.file;
  return (
    <li className={cn(FRAME, place && "bg-fail/8")}>
      <Link
        {...placeLink(run.script_id, path, frame.line)}
        className="whitespace-nowrap rounded-sm text-accent-ink hover:underline"
      >
        {path}:{frame.line}
      </Link>
      <Code frame={frame} className="text-ink" />
    </li>
  );
}

const Code = ({ frame, className }: { frame: Frame; className: string }) => (
  <span className={cn("truncate-line", className)} title={frame.code ?? undefined}>
    {frame.function && frame.function !== "<module>" ? <span className="text-ink-3">{frame.function} </span> : null}
    {frame.code?.trim()}
  </span>
);

function LibraryFrames({ frames }: { frames: readonly Frame[] }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-1 px-3 py-0.5 text-left text-ink-3 text-xs outline-offset-[-2px] hover:text-ink"
      >
        <ChevronRight aria-hidden className={cn("-ml-0.5 size-3.5", open && "rotate-90")} />
        {plural(frames.length, "call")} in libraries
      </button>
      {open ? (
        <ol>
          {frames.map((frame, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a recursion repeats the same frame.
            <li key={index} className={cn(FRAME, "text-ink-3")}>
              <span className="truncate-line" title={frame.file}>
                {libraryFile(frame.file)}:{frame.line}
              </span>
              <Code frame={frame} className="text-ink-3" />
            </li>
          ))}
        </ol>
      ) : null}
    </li>
  );
}

/** The editor shows the newest files; the lines are those of the revision that ran. */
function Moved({ run }: { run: Run }) {
  const { data: script } = useQuery({ ...scriptQuery(run.script_id), retry: false });
  if (run.revision == null || !script || script.revision === run.revision) return null;
  return (
    <p className="border-line border-t px-3 py-1.5 text-ink-3 text-xs">
      Revision {run.revision} ran; the editor has revision {script.revision}, so lines may have moved.
    </p>
  );
}
