// A schedule is added or changed. Nothing typed is lost on a refusal: it is shown at its field.
import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { settingsQuery } from "~/api/queries";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { Segmented } from "~/components/ui/segmented";
import { cn } from "~/lib/cn";
import type { Schedule } from "./contract";
import { CronFields } from "./cron-fields";
import { created, type Draft, draftOf, type Errors, fieldOf, newDraft, patchOf, read } from "./form";
import { MoreFields } from "./more-fields";
import { OnceFields } from "./once-fields";
import { ScriptField } from "./script-field";
import { useSaveSchedule } from "./use-schedules";
import { viewerZone } from "./zoned";

interface ScheduleDialogProps {
  onClose: () => void;
  /** The one to change; a new one is added where there is none. */
  schedule?: Schedule | undefined;
  /** Whose schedule a new one becomes; it is asked for where it is not known. */
  scriptId?: string | undefined;
}

/** Fields that are folded away at first: a refusal of one of them opens the fold. */
const SHOWN = new Set<keyof Draft>(["expression", "zone", "local", "name"]);

/** A new one begins with the zone that Settings offer; it opens once that is known. */
export function ScheduleDialog(props: ScheduleDialogProps) {
  const { data, isPending } = useQuery({ ...settingsQuery, enabled: !props.schedule });
  if (!props.schedule && isPending) return null;
  return <OpenDialog {...props} offered={data?.in_force.default_timezone ?? null} />;
}

function OpenDialog({ onClose, schedule, scriptId, offered }: ScheduleDialogProps & { offered: string | null }) {
  const [opened] = useState<Draft>(() =>
    schedule ? draftOf(schedule, viewerZone(), new Date()) : newDraft(offered ?? viewerZone(), new Date()),
  );
  const [draft, setDraft] = useState(opened);
  const [chosen, setChosen] = useState(scriptId ?? schedule?.script_id ?? "");
  const [wrong, setWrong] = useState<Errors>({});
  const [more, setMore] = useState(false);
  const { add, change } = useSaveSchedule(chosen);
  const refusal = add.error ?? change.error;
  const refused = refusal instanceof ApiError ? fieldOf(refusal.field, draft) : null;
  const errors: Errors = refused && refusal ? { ...wrong, [refused]: refusal.message } : wrong;
  const set = (next: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...next }));
    setWrong({});
    add.reset();
    change.reset();
  };
  const unfold = (fields: readonly (keyof Draft)[]) => {
    if (fields.some((field) => !SHOWN.has(field))) setMore(true);
  };
  const options = {
    onSuccess: () => {
      toast(schedule ? "Saved" : "The schedule is on");
      onClose();
    },
    onError: (error: Error) => {
      const field = error instanceof ApiError ? fieldOf(error.field, draft) : null;
      if (field) unfold([field]);
    },
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { terms, errors: found } = read(draft);
    if (!terms) {
      setWrong(found);
      unfold(Object.keys(found) as (keyof Draft)[]);
    } else if (!schedule) add.mutate(created(terms), options);
    else {
      const patch = patchOf(opened, terms);
      if (Object.keys(patch).length === 0) onClose();
      else change.mutate({ id: schedule.id, patch }, options);
    }
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={schedule ? `Schedule of ${schedule.script_name}` : "New schedule"}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            form="schedule"
            disabled={chosen === ""}
            busy={add.isPending || change.isPending}
          >
            {schedule ? "Save" : "Add schedule"}
          </Button>
        </>
      }
    >
      <form id="schedule" onSubmit={submit} noValidate className="flex flex-col gap-4">
        {schedule || scriptId ? null : <ScriptField value={chosen} onChange={setChosen} />}
        <div>
          <Segmented<Draft["kind"]>
            label="How often"
            value={draft.kind}
            onChange={(kind) => set({ kind })}
            options={[
              { value: "cron", label: "Again and again" },
              { value: "once", label: "Once" },
            ]}
          />
        </div>
        {draft.kind === "cron" ? (
          <CronFields draft={draft} set={set} errors={errors} />
        ) : (
          <OnceFields draft={draft} set={set} errors={errors} />
        )}
        <Field label="Name" hint="Empty: it is called by its time." error={errors.name}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <div>
          <button
            type="button"
            aria-expanded={more}
            onClick={() => setMore(!more)}
            className="flex items-center gap-1 rounded-sm font-medium text-ink-2 text-sm hover:text-ink"
          >
            <ChevronRight aria-hidden className={cn("size-4 transition-transform duration-100", more && "rotate-90")} />
            More: arguments, overlap, missed fires, retries
          </button>
          {more ? (
            <div className="mt-3">
              <MoreFields draft={draft} set={set} errors={errors} />
            </div>
          ) : null}
        </div>
        {refusal && !refused ? (
          <ErrorNotice error={refusal} unchanged={schedule ? "The schedule stays as it was." : "Nothing was added."} />
        ) : null}
      </form>
    </Dialog>
  );
}
