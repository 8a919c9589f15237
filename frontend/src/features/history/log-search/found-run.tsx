// A run whose log has it, with the first lines that do; each leads to its place.
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { Panel } from "~/components/ui/panel";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { RelativeTime } from "~/components/ui/time";
import { plainText } from "~/features/logs/ansi";
import { gist } from "~/features/runs/describe";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import { pieces } from "~/lib/pieces";
import type { Excerpt } from "../contract";
import type { Found } from "./findings";

export const FoundRun = memo(function FoundRun({ found }: { found: Found }) {
  const { run, matches, lines } = found;
  const more = matches - lines.length;
  const last = lines.at(-1);
  return (
    <Panel aria-label={`Run ${run.number} of ${run.script_name}`}>
      <header className="flex min-h-9 flex-wrap items-center gap-x-3 border-line border-b px-3 py-1.5 text-sm">
        <Link
          to="/runs/$runId"
          params={{ runId: run.id }}
          className="inline-flex min-w-0 items-center gap-2 rounded-sm font-medium hover:underline"
        >
          <StateMark mark={markOf(run)} />
          <span className="truncate-line">{run.script_name}</span>
          <span className="num font-normal text-ink-3">#{run.number}</span>
        </Link>
        <span className="truncate-line min-w-0 flex-1 text-ink-3 max-sm:hidden">{gist(run)}</span>
        <span className="ml-auto flex shrink-0 items-center gap-3 text-ink-3">
          <span className="tabular-nums">{plural(matches, "line")}</span>
          <RelativeTime at={run.started_at ?? run.queued_at} />
        </span>
      </header>
      <ol className="py-1">
        {lines.map((excerpt) => (
          <ExcerptLine key={excerpt.line} runId={run.id} excerpt={excerpt} />
        ))}
      </ol>
      {more > 0 && last ? (
        <Link
          to="/runs/$runId"
          params={{ runId: run.id }}
          search={{ line: last.line }}
          className="block border-line border-t px-3 py-1.5 text-accent-ink text-xs hover:underline"
        >
          {plural(more, "more line")} in this log
        </Link>
      ) : null}
    </Panel>
  );
});

const EDGES: Record<Excerpt["stream"], string> = {
  stdout: "border-transparent",
  stderr: "border-skip",
  system: "border-ink-3",
};

const ExcerptLine = ({ runId, excerpt }: { runId: string; excerpt: Excerpt }) => (
  <li>
    <Link
      to="/runs/$runId"
      params={{ runId }}
      search={{ line: excerpt.line }}
      className={cn("flex gap-3 border-l-2 py-0.5 pr-3 font-mono text-xs hover:bg-hover", EDGES[excerpt.stream])}
    >
      <span className="w-14 shrink-0 select-none text-right text-ink-3 tabular-nums">
        <span className="sr-only">{excerpt.stream === "stderr" ? "stderr, line " : "Line "}</span>
        {excerpt.line.toLocaleString("en")}
      </span>
      <span className="min-w-0 whitespace-pre-wrap text-ink-2 leading-[18px] [overflow-wrap:anywhere]">
        {pieces(excerpt.text, excerpt.ranges).map((piece) =>
          piece.hit ? (
            <mark key={piece.at} className="rounded-sm bg-skip/25 text-ink">
              {plainText(piece.text)}
            </mark>
          ) : (
            <span key={piece.at}>{plainText(piece.text)}</span>
          ),
        )}
      </span>
    </Link>
  </li>
);
