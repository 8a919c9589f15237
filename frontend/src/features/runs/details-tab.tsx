// Everything that is recorded of a run and has no better place.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run } from "~/api/types";
import { FactRow, Mono } from "~/components/ui/facts";
import { Panel } from "~/components/ui/panel";
import { Bytes, Duration } from "~/components/ui/time";
import { LIMIT_FIELDS, limitLabel, limitText, networkWord } from "~/features/limits/limits";
import { formatAbsolute, plural } from "~/lib/format";
import { overlapWords } from "./describe";
import { TriggerFact } from "./trigger-fact";

export function DetailsTab({ run }: { run: Run }) {
  const env = Object.entries(run.env);
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="When">
        <Facts>
          <FactRow name="Trigger">
            <TriggerFact trigger={run.trigger} />
          </FactRow>
          <FactRow name="Queued">
            <Moment at={run.queued_at} />
          </FactRow>
          <FactRow name="Started">
            <Moment at={run.started_at} />
          </FactRow>
          <FactRow name="Finished">
            <Moment at={run.finished_at} />
          </FactRow>
          <FactRow name="Waited" note="Until its script was started">
            <Duration from={run.queued_at} to={run.started_at ?? run.finished_at} />
          </FactRow>
          <FactRow name="Overlap" note="What it did about unfinished runs">
            {overlapWords(run)}
          </FactRow>
        </Facts>
      </Panel>
      <Panel title="What ran">
        <Facts>
          <FactRow name="Run" note="For the API and the command line">
            <Mono value={run.id} />
          </FactRow>
          {run.revision == null ? null : (
            <FactRow name="Revision" note="Of the script's files">
              <Mono value={String(run.revision)} />
            </FactRow>
          )}
          <FactRow name="Packages" note="The lock of its environment">
            {run.lock_hash ? <Mono value={run.lock_hash} /> : <span className="text-ink-3">none</span>}
          </FactRow>
          <FactRow name="Image">
            <Mono value={run.image} />
          </FactRow>
          <FactRow name="Image digest">
            <Mono value={run.image_digest} />
          </FactRow>
          {run.build_run_id ? (
            <FactRow name="Build">
              <Link
                to="/runs/$runId"
                params={{ runId: run.build_run_id }}
                className="rounded-sm text-accent-ink hover:underline"
              >
                Open the build
              </Link>
            </FactRow>
          ) : null}
          <FactRow name="Arguments">
            {run.args.length > 0 ? (
              <code className="num break-all">{run.args.join(" ")}</code>
            ) : (
              <span className="text-ink-3">none</span>
            )}
          </FactRow>
          {run.variables ? (
            <FactRow name="Variables it was given" note="From the script and the settings">
              {run.variables.length > 0 ? (
                <ul>
                  {run.variables.map((one) => (
                    <li key={one.name} className="num break-all">
                      {one.name}{" "}
                      <span className="text-ink-3">
                        {one.secret ? "secret, " : ""}
                        {one.from === "global" ? "of every script" : "of the script"}, set{" "}
                        {formatAbsolute(new Date(one.set_at))}
                      </span>
                    </li>
                  ))}
                </ul>
              ) : (
                <span className="text-ink-3">none</span>
              )}
            </FactRow>
          ) : null}
          <FactRow name="Variables" note="Added for this run">
            {env.length > 0 ? (
              <ul>
                {env.map(([name, value]) => (
                  <li key={name} className="num break-all">
                    {name}=<span className="text-ink-2">{value}</span>
                  </li>
                ))}
              </ul>
            ) : (
              <span className="text-ink-3">none</span>
            )}
          </FactRow>
        </Facts>
      </Panel>
      <Panel title="Limits it had">
        <Facts>
          {LIMIT_FIELDS.map(({ key }) => (
            <FactRow key={key} name={limitLabel(key)}>
              <Mono value={limitText(key, run.limits[key])} />
            </FactRow>
          ))}
          <FactRow name={limitLabel("network")}>{networkWord(run.limits.network)}</FactRow>
        </Facts>
      </Panel>
      <Panel title="What it left">
        <Facts>
          <FactRow name="stdout">
            <Bytes value={run.log?.stdout_bytes} />
          </FactRow>
          <FactRow name="stderr">
            <Bytes value={run.log?.stderr_bytes} />
          </FactRow>
          <FactRow name="Log records">
            <Mono value={run.log ? run.log.records.toLocaleString("en") : "none"} />
          </FactRow>
          {run.log?.dropped_bytes ? (
            <FactRow name="Not kept" note="Beyond the log's limit">
              <Bytes value={run.log.dropped_bytes} />
            </FactRow>
          ) : null}
          {run.log?.error ? <FactRow name="Log is incomplete">{run.log.error}</FactRow> : null}
          <FactRow name="Artifacts">
            {run.artifacts?.files ? (
              <>
                {plural(run.artifacts.files, "file")}, <Bytes value={run.artifacts.bytes} />
              </>
            ) : (
              <span className="text-ink-3">none</span>
            )}
          </FactRow>
        </Facts>
      </Panel>
    </div>
  );
}

const Facts = ({ children }: { children: ReactNode }) => <dl>{children}</dl>;

const Moment = ({ at }: { at: string | null | undefined }) =>
  at ? (
    <time dateTime={at} className="num">
      {formatAbsolute(new Date(at))}
    </time>
  ) : (
    <span className="text-ink-3">not yet</span>
  );
