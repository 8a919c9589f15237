// Why a run ended as it did: the sentence, what may be done, the limits it reached, where in the code, its last words.
import { Link } from "@tanstack/react-router";
import { Gauge } from "lucide-react";
import type { ReactNode } from "react";
import type { LimitHit, Outcome, Run } from "~/api/types";
import { buttonClass } from "~/components/ui/button";
import { formatAbsolute, plural } from "~/lib/format";
import { advice, buildRules, buildWord, evidenceOf, headline, runTitle } from "./describe";
import { MissingModuleCard } from "./missing-module";
import { TracebackCard } from "./traceback-card";

export function Explanation({ run }: { run: Run }) {
  const { outcome } = run;
  const evidence = evidenceOf(outcome);
  const limits = evidence?.limits_hit ?? [];
  const traceback = evidence?.traceback ?? null;
  const tail = evidence?.stderr_tail ?? [];
  const words = [isSaid(run) ? null : sentence(outcome?.message ?? ""), advice(outcome)].filter(Boolean).join(" ");
  return (
    <div className="mt-1 text-sm text-ink-2">
      <p className="max-w-3xl [overflow-wrap:anywhere]">{words || `${runTitle(run)} of ${run.script_name}`}</p>
      {run.kind === "build" ? (
        <p className="mt-0.5 max-w-3xl text-ink-3" data-testid="build-action">
          {buildWord(run.build)}. {buildRules(run.build, formatAbsolute)}
        </p>
      ) : null}
      {run.kind === "compile" ? (
        <p className="mt-0.5 max-w-3xl text-ink-3">
          Makes imports of the installed packages fast. Runs do not wait for it, and it gives way to them.
        </p>
      ) : null}
      {run.kind === "script" && evidence?.missing_module ? (
        <MissingModuleCard scriptId={run.script_id} missing={evidence.missing_module} />
      ) : null}
      {limits.length > 0 ? <LimitsHit run={run} limits={limits} /> : null}
      <Leads outcome={outcome} />
      {traceback ? <TracebackCard run={run} traceback={traceback} /> : null}
      {tail.length > 0 ? <LastWords lines={tail} /> : null}
    </div>
  );
}

/** The headline, the list of limits or the traceback's card says all that the message says. */
function isSaid(run: Run): boolean {
  const { outcome } = run;
  if (!outcome || outcome.message === headline(run)) return true;
  if (outcome.kind !== "failed") return false;
  const { traceback, limits_hit } = evidenceOf(outcome) ?? {};
  if (outcome.exit_code == null) return (limits_hit?.length ?? 0) > 0;
  return traceback != null && outcome.message.includes(`: ${traceback.exception}`);
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** Those of a build that the settings can change. */
const BUILD_LIMITS: ReadonlySet<string> = new Set(["environment_bytes", "run_seconds"]);

function LimitsHit({ run, limits }: { run: Run; limits: readonly LimitHit[] }) {
  return (
    <ul className="mt-1.5 flex flex-col gap-0.5" aria-label="Limits that were reached" data-testid="limits-hit">
      {limits.map((hit) => (
        <li key={hit.limit} className="flex items-baseline gap-2">
          <Gauge aria-hidden className="size-3.5 shrink-0 translate-y-0.5 text-skip" />
          <span>
            {sentence(hit.message)}{" "}
            {run.kind === "script" ? (
              <Link
                to="/scripts/$scriptId/settings"
                params={{ scriptId: run.script_id }}
                search={{ limit: hit.limit }}
                className="whitespace-nowrap rounded-sm text-accent-ink hover:underline"
              >
                Change this limit
              </Link>
            ) : BUILD_LIMITS.has(hit.limit) ? (
              <Link
                to="/settings/$section"
                params={{ section: "packages" }}
                className="whitespace-nowrap rounded-sm text-accent-ink hover:underline"
              >
                Change this limit
              </Link>
            ) : null}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Where the story goes on. */
function Leads({ outcome }: { outcome: Outcome | null | undefined }) {
  if (outcome?.kind === "environment_failed" && outcome.build_run_id)
    return <Lead runId={outcome.build_run_id}>Open the build</Lead>;
  if (outcome?.kind === "cancelled" && outcome.replaced_by)
    return <Lead runId={outcome.replaced_by}>Open the run that replaced it</Lead>;
  return null;
}

const Lead = ({ runId, children }: { runId: string; children: ReactNode }) => (
  <Link to="/runs/$runId" params={{ runId }} className={buttonClass("plain", "sm", "mt-2")}>
    {children}
  </Link>
);

const LastWords = ({ lines }: { lines: readonly string[] }) => (
  <details className="mt-2 min-w-0" data-testid="stderr-tail">
    <summary className="w-fit cursor-pointer rounded-sm text-ink-3 hover:text-ink">
      Last {plural(lines.length, "line")} of stderr
    </summary>
    <pre className="mt-1.5 max-h-56 overflow-auto rounded-md border border-line bg-sunken px-3 py-2 font-mono text-[12.5px] text-ink leading-5">
      {lines.join("\n")}
    </pre>
  </details>
);
