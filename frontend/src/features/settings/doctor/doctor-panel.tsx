// What may be wrong with the installation, and what mends it. The worst first; what is well can be read as well.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check as CheckIcon, Copy, Stethoscope } from "lucide-react";
import { useEffect, useState } from "react";
import { examine } from "~/api/commands";
import { doctorQuery } from "~/api/queries";
import type { Check, Examination } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Meter } from "~/components/ui/meter";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { LOOKS, ordered, share, summary } from "./doctor";

export function DoctorPanel() {
  const queryClient = useQueryClient();
  const { data, error, refetch } = useQuery(doctorQuery);
  const again = useMutation({
    mutationFn: examine,
    onSuccess: (view) => queryClient.setQueryData(doctorQuery.queryKey, view),
  });
  const busy = Boolean(data?.running) || again.isPending;
  return (
    <Panel
      id="doctor"
      title="Examination"
      actions={
        <Button size="sm" busy={busy} onClick={() => again.mutate()}>
          <Stethoscope aria-hidden /> Examine
        </Button>
      }
    >
      {error && !data ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {again.error ? <ErrorNotice error={again.error} unchanged="Nothing was examined." className="m-4" /> : null}
      {data ? <Head data={data} /> : <SkeletonRows rows={6} height={44} />}
      {data && data.checks.length > 0 ? (
        <ul aria-label="Checks" data-testid="checks" className={cn(data.running && "opacity-60")}>
          {ordered(data.checks).map((check) => (
            <CheckRow key={check.id} check={check} />
          ))}
        </ul>
      ) : null}
    </Panel>
  );
}

function Head({ data }: { data: Examination }) {
  const { running } = data;
  return (
    <div className="border-line border-b px-4 py-3 text-sm" role="status" data-testid="examination">
      {running ? (
        <>
          <p className="mb-2">
            <span className="font-medium">Examining</span> <span className="text-ink-2">{running.now}…</span>
          </p>
          <Meter share={share(running)} tone="quiet" className="w-full" />
        </>
      ) : data.ran_at ? (
        <p>
          <span className="font-medium">{summary(data.checks)}.</span>{" "}
          <span className="text-ink-3">
            Examined <RelativeTime at={data.ran_at} />. After every start it is done by itself.
          </span>
        </p>
      ) : (
        <p className="text-ink-2">The examination after the start begins once it is known how the engine is.</p>
      )}
    </div>
  );
}

function CheckRow({ check }: { check: Check }) {
  const look = LOOKS[check.state];
  const troubled = check.state !== "ok";
  return (
    <li
      className="flex gap-3 border-line border-b px-4 py-2.5 text-sm last:border-b-0"
      data-check={check.id}
      data-state={check.state}
    >
      <look.icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", look.tone)} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{check.title}</span>
          <span className={cn("text-xs", look.tone)}>{look.word}</span>
        </p>
        <p className="break-words text-ink-2">{check.what}</p>
        {troubled && check.details.length > 0 ? <Details lines={check.details} /> : null}
        {check.mend ? (
          <div className="mt-1.5">
            <p>{check.mend.what}</p>
            {check.mend.command ? <Command text={check.mend.command} /> : null}
          </div>
        ) : null}
        {!troubled && check.details.length > 0 ? (
          <p className="text-ink-3 text-xs">{check.details.join(" · ")}</p>
        ) : null}
      </div>
    </li>
  );
}

const Details = ({ lines }: { lines: readonly string[] }) => (
  <ul className="mt-0.5 list-disc pl-4 text-ink-3 text-xs">
    {lines.map((line) => (
      <li key={line} className="break-words">
        {line}
      </li>
    ))}
  </ul>
);

const COPIED_MS = 2000;

/** To be copied with one click. */
function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div className="mt-1 flex max-w-full items-center gap-1 rounded-md border border-line bg-sunken py-0.5 pr-0.5 pl-2.5">
      <code className="min-w-0 flex-1 overflow-x-auto whitespace-nowrap font-mono text-[12.5px]">{text}</code>
      <IconButton label={copied ? "Copied" : "Copy the command"} onClick={() => void copy()}>
        {copied ? <CheckIcon /> : <Copy />}
      </IconButton>
    </div>
  );
}
