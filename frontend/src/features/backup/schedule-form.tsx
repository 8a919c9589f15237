// When backups are made by themselves, what is in them, and how many of these are kept.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { SettingsPatch, SettingsView } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { CodeInput, Field, Input } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { ZoneField } from "~/features/schedules/zone-field";
import { typedKeep } from "./backups";
import { Choice } from "./choice";

interface ScheduleFormProps {
  settings: SettingsView;
  save: { mutate: (patch: SettingsPatch) => void; isPending: boolean; error: unknown };
}

export function ScheduleForm({ settings, save }: ScheduleFormProps) {
  const { in_force, defaults } = settings;
  const now = in_force.backup;
  const [enabled, setEnabled] = useState(now.enabled);
  const [expression, setExpression] = useState(now.expression);
  const [timezone, setTimezone] = useState(now.timezone);
  const [keepText, setKeepText] = useState(String(now.keep));
  const [logs, setLogs] = useState(now.logs);
  const [artifacts, setArtifacts] = useState(now.artifacts);
  const keep = typedKeep(keepText);
  const refusal = save.error instanceof ApiError ? save.error : null;
  const at = (field: string) => (refusal?.field === field ? refusal.message : null);
  const placed = ["expression", "timezone", "backup.keep"].includes(refusal?.field ?? "");
  const kept = keep === null ? defaults.backup.keep : keep;
  const changed =
    keep !== "wrong" &&
    (enabled !== now.enabled ||
      expression !== now.expression ||
      timezone !== now.timezone ||
      kept !== now.keep ||
      logs !== now.logs ||
      artifacts !== now.artifacts);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (keep === "wrong") return;
    save.mutate({ backup: { enabled, expression: expression.trim() || null, timezone, keep, logs, artifacts } });
  };
  return (
    <Panel
      id="backup-schedule"
      title="By itself"
      actions={<Choice label="Make backups by itself" checked={enabled} onChange={setEnabled} />}
    >
      <form onSubmit={submit}>
        <div className="grid gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
          <Field
            label="When"
            hint={`As in a crontab. Default: ${defaults.backup.expression}. One that was missed is made up for once.`}
            error={at("expression")}
          >
            {(control) => (
              <CodeInput
                {...control}
                value={expression}
                placeholder={defaults.backup.expression}
                disabled={!enabled}
                onChange={(event) => setExpression(event.target.value)}
              />
            )}
          </Field>
          <ZoneField
            value={timezone}
            onChange={setTimezone}
            hint="Whose clocks the expression means."
            error={at("timezone")}
          />
          <Field
            label="How many are kept"
            hint="Of those that were made by themselves. What you made yourself stays until you delete it."
            error={keep === "wrong" ? "A whole number from 1 to 1,000, or nothing for the default." : at("backup.keep")}
          >
            {(control) => (
              <Input
                {...control}
                inputMode="numeric"
                className="num"
                placeholder={String(defaults.backup.keep)}
                value={keepText}
                onChange={(event) => setKeepText(event.target.value)}
              />
            )}
          </Field>
          <fieldset className="flex flex-col gap-2">
            <legend className="mb-1 font-medium text-sm">Also in them</legend>
            <Choice label="Logs of runs" checked={logs} onChange={setLogs} />
            <Choice label="Artifacts of runs" checked={artifacts} onChange={setArtifacts} />
            <p className="text-ink-3 text-xs">Each backup then holds all of them again.</p>
          </fieldset>
          {save.error && !placed ? (
            <ErrorNotice error={save.error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd
          changed={changed}
          busy={save.isPending}
          note="None is made if it would take room that runs need: the floor of the data disk holds."
        />
      </form>
    </Panel>
  );
}
