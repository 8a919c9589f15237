// What would fire between two moments, and what an outage in between would cost. By the server's own plan.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { Empty, Panel } from "~/components/ui/panel";
import { plural } from "~/lib/format";
import type { Simulation } from "../contract";
import { simulate } from "../requests";
import { instantOf } from "../wall-time";
import { localIn, momentIn, viewerZone } from "../zoned";
import { busiest, REASONS } from "./result";

const DAY_MS = 86_400_000;

export default function WhatIf() {
  const zone = viewerZone();
  const [from, setFrom] = useState(() => localIn(new Date().toISOString(), zone));
  const [to, setTo] = useState(() => localIn(new Date(Date.now() + DAY_MS).toISOString(), zone));
  const [awayFrom, setAwayFrom] = useState("");
  const [awayTo, setAwayTo] = useState("");
  const run = useMutation({ mutationFn: simulate });
  const at = (local: string) => instantOf(local, zone) ?? "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run.mutate({
      from: at(from),
      to: at(to),
      ...(awayFrom && awayTo ? { outage: { from: at(awayFrom), to: at(awayTo) } } : {}),
    });
  };
  const about = (field: string) =>
    run.error instanceof ApiError && run.error.field === field ? run.error.message : null;
  const moment = (label: string, value: string, set: (value: string) => void, error: string | null = null) => (
    <Field label={label} error={error}>
      {(control) => (
        <Input {...control} type="datetime-local" value={value} onChange={(event) => set(event.target.value)} />
      )}
    </Field>
  );
  return (
    <div className="flex flex-col gap-4">
      <Panel title="What if">
        <form onSubmit={submit}>
          <div className="grid gap-4 p-4 sm:grid-cols-2 lg:grid-cols-4">
            {moment("From", from, setFrom)}
            {moment("To", to, setTo, about("to"))}
            {moment("Nobody there from", awayFrom, setAwayFrom, about("outage"))}
            {moment("until", awayTo, setAwayTo)}
          </div>
          {run.error && !about("to") && !about("outage") ? (
            <ErrorNotice error={run.error} className="mx-4 mb-4" />
          ) : null}
          <footer className="flex items-center justify-between gap-4 border-line border-t px-4 py-2.5">
            <p className="min-w-0 text-ink-3 text-xs">
              On your clocks ({zone}). Nothing is run. How long runs take is not known, so overlap is left out.
            </p>
            <Button type="submit" look="primary" busy={run.isPending} disabled={!from || !to}>
              Simulate
            </Button>
          </footer>
        </form>
      </Panel>
      {run.data ? <Result simulation={run.data} zone={zone} from={at(from)} /> : null}
    </div>
  );
}

function Result({ simulation, zone, from }: { simulation: Simulation; zone: string; from: string }) {
  if (simulation.total === 0)
    return (
      <Panel title="Nothing would fire">
        <Empty title="No schedule is due in this time" />
      </Panel>
    );
  const peak = busiest(simulation.by_hour, from);
  return (
    <Panel
      title={`${plural(simulation.total, "fire")} of ${plural(simulation.schedules.length, "schedule")}`}
      actions={
        peak ? (
          <span className="text-ink-3 text-xs">
            busiest hour {momentIn(peak.at, zone)}: {peak.count}
          </span>
        ) : null
      }
    >
      <div className="overflow-x-auto">
        <table className="w-full text-sm">
          <thead>
            <tr className="border-line border-b text-left text-ink-3 text-xs">
              <th className="px-4 py-2 font-medium">Schedule</th>
              <th className="px-2 py-2 text-right font-medium">Fires</th>
              <th className="px-2 py-2 text-right font-medium">Runs</th>
              <th className="px-2 py-2 font-medium">Skipped</th>
              <th className="px-4 py-2 font-medium max-sm:hidden">First and last</th>
            </tr>
          </thead>
          <tbody>
            {simulation.schedules.map((each) => (
              <tr key={each.schedule_id} className="border-line border-b last:border-b-0">
                <td className="px-4 py-2">
                  <span className="font-medium">{each.script_name}</span>{" "}
                  <span className="text-ink-3">{each.name}</span>
                </td>
                <td className="num px-2 py-2 text-right">{each.fires}</td>
                <td className="num px-2 py-2 text-right">{each.would_run}</td>
                <td className="px-2 py-2 text-ink-2">
                  {each.skipped.length === 0
                    ? "none"
                    : each.skipped.map(({ reason, count }) => `${count} ${REASONS[reason] ?? reason}`).join(", ")}
                </td>
                <td className="px-4 py-2 text-ink-3 max-sm:hidden">
                  {each.first ? momentIn(each.first, zone) : ""}
                  {each.last && each.last !== each.first ? ` to ${momentIn(each.last, zone)}` : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
