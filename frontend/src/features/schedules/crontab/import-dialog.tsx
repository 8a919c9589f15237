// A crontab becomes schedules: pasted, read line by line by the server, each job given to a script, then confirmed.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { controlClass, Field } from "~/components/ui/field";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import type { CrontabImported } from "../contract";
import { crontabQuery } from "../requests";
import { useImportCrontab } from "../use-schedules";
import { useSettled } from "../use-settled";
import { ZoneField } from "../zone-field";
import { viewerZone } from "../zoned";
import { type Choice, choiceOf, jobsOf } from "./choices";
import { CrontabLineRow } from "./crontab-line";

export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [zone, setZone] = useState(viewerZone);
  const [choices, setChoices] = useState<ReadonlyMap<number, Choice>>(new Map());
  const settled = useSettled(text, 200);
  const preview = useQuery({ ...crontabQuery(settled, zone), enabled: settled.trim() !== "" });
  const take = useImportCrontab();
  const done = (made: CrontabImported) => {
    const off = made.schedules.filter((schedule) => !schedule.enabled).length;
    toast(`${plural(made.schedules.length, "schedule")} added`, {
      ...(off > 0 ? { description: `Switched off until their script has its program: ${off}.` } : {}),
    });
    onClose();
  };
  const lines = settled.trim() === "" ? [] : (preview.data ?? []);
  const jobs = jobsOf(lines, choices);
  const refused = take.error instanceof ApiError ? take.error.details.line : undefined;
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Import a crontab"
      description="Paste what “crontab -l” prints. Nothing is made before you confirm."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={jobs.length === 0}
            busy={take.isPending}
            onClick={() => take.mutate(jobs, { onSuccess: done })}
          >
            {jobs.length === 0 ? "Import" : `Import ${plural(jobs.length, "job")}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label="Crontab">
          {(control) => (
            <textarea
              {...control}
              rows={6}
              spellCheck={false}
              autoComplete="off"
              placeholder={"30 2 * * * /usr/bin/python3 /opt/jobs/report.py --all"}
              className={cn(controlClass, "w-full resize-y px-2.5 py-1.5 font-mono text-[12.5px] leading-5")}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <ZoneField
          value={zone}
          onChange={setZone}
          hint="Of the machine that it comes from. CRON_TZ in the text goes before it."
          className="max-w-80"
        />
        {preview.error ? <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} /> : null}
        {take.error ? <ErrorNotice error={take.error} unchanged="Nothing was imported." /> : null}
        {lines.length > 0 ? (
          <ol aria-label="Lines" className="overflow-hidden rounded-md border border-line">
            {lines
              .filter((line) => line.kind !== "blank")
              .map((line) => (
                <CrontabLineRow
                  key={line.line}
                  line={line}
                  choice={choices.get(line.line) ?? choiceOf(line)}
                  wrong={refused === line.line}
                  onChoose={(choice) => {
                    take.reset();
                    setChoices(new Map(choices).set(line.line, choice));
                  }}
                />
              ))}
          </ol>
        ) : null}
        {jobs.some((job) => job.new_script) ? (
          <p className="text-ink-3 text-xs">
            A new script has the command as a comment and not the program: put it there, then switch its schedule on.
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}
