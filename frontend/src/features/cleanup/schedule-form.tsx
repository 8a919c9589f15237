// When it cleans up by itself, what of, and how long the trash is kept.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { changeSettings } from "~/api/commands";
import type { SettingsPatch, SettingsView } from "~/api/types";
import { Checkbox } from "~/components/ui/checkbox";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { ExpressionField } from "~/features/schedules/expression-field";
import { FirePreview } from "~/features/schedules/fire-preview";
import { previewQuery } from "~/features/schedules/requests";
import { ZoneField } from "~/features/schedules/zone-field";
import { errorText } from "~/lib/format";
import { useSettled } from "~/lib/use-settled";
import type { CleanupSettings, Kind } from "./requests";
import { KINDS, NAMES, toggled, typedDays } from "./words";

const daysText = (days: number | null | undefined) => (days == null ? "" : String(days));

export function ScheduleForm({ settings }: { settings: SettingsView }) {
  const holds = settings.in_force.cleanup;
  const standard = settings.defaults.cleanup;
  const set = settings.set.cleanup;
  const id = useId();
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState<CleanupSettings>(holds);
  const [days, setDays] = useState(daysText(set?.trash_days));
  const change = useMutation({
    mutationFn: (patch: SettingsPatch) => changeSettings(patch),
    onSuccess: (view) => {
      queryClient.setQueryData(["settings"], view);
      void queryClient.invalidateQueries({ queryKey: ["cleanup"] });
      void queryClient.invalidateQueries({ queryKey: ["cleanup-preview"] });
      toast("Saved");
    },
  });
  const expression = useSettled(draft.expression.trim(), 150);
  const fires = useQuery({ ...previewQuery(expression, draft.timezone), enabled: expression !== "" });
  const refusal = expression === draft.expression.trim() ? fires.error : null;
  const refusedField = refusal instanceof ApiError ? refusal.field : null;
  const trash_days = typedDays(days);
  const saved = change.error instanceof ApiError ? change.error : null;
  const about = (field: string) => (saved?.field === `cleanup.${field}` ? saved.message : null);
  const known = ["expression", "timezone", "trash_days"].some((field) => about(field) !== null);
  const same =
    draft.enabled === holds.enabled &&
    draft.expression.trim() === holds.expression &&
    draft.timezone === holds.timezone &&
    draft.kinds.join() === KINDS.filter((kind) => holds.kinds.includes(kind)).join() &&
    trash_days === (set?.trash_days ?? null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (trash_days === "wrong") return;
    // What is as it is by default stays with the default, should that become a better one.
    const unless = <T,>(value: T, usual: T): T | null => (String(value) === String(usual) ? null : value);
    change.mutate({
      cleanup: {
        enabled: unless(draft.enabled, standard.enabled),
        expression: unless(draft.expression.trim(), standard.expression),
        timezone: unless(draft.timezone, standard.timezone),
        kinds: unless(draft.kinds, standard.kinds),
        trash_days,
      },
    });
  };
  const toggle = (kind: Kind) => setDraft({ ...draft, kinds: toggled(draft.kinds, kind) });
  return (
    <Panel id="cleanup" title="By itself">
      <form onSubmit={submit}>
        <div className="flex flex-col gap-5 p-4">
          <div className="flex items-center gap-2.5 text-sm">
            <Checkbox
              id={`${id}-enabled`}
              checked={draft.enabled}
              onChange={(event) => setDraft({ ...draft, enabled: event.target.checked })}
            />
            <label htmlFor={`${id}-enabled`} className="cursor-pointer font-medium">
              Clean up by itself
            </label>
          </div>
          {draft.enabled ? (
            <div className="grid gap-x-6 gap-y-4 lg:grid-cols-2">
              <div className="flex flex-col gap-4">
                <ExpressionField
                  value={draft.expression}
                  onChange={(typed) => setDraft({ ...draft, expression: typed })}
                  refusal={refusal}
                  error={about("expression") ?? (refusedField === "expression" ? errorText(refusal) : null)}
                />
                <ZoneField
                  value={draft.timezone}
                  onChange={(timezone) => setDraft({ ...draft, timezone })}
                  hint="What was missed while nothing ran is made up for once, at the next start."
                  error={about("timezone") ?? (refusedField === "timezone" ? errorText(refusal) : null)}
                />
              </div>
              <FirePreview
                zone={draft.timezone}
                preview={fires.data}
                refused={refusedField !== null || expression === ""}
                error={refusedField === null ? refusal : null}
              />
            </div>
          ) : null}
          <fieldset>
            <legend className="mb-2 font-medium text-sm">What goes by itself</legend>
            <div className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
              {KINDS.map((kind) => (
                <div key={kind} className="flex items-start gap-2.5 text-sm">
                  <Checkbox
                    id={`${id}-${kind}`}
                    className="mt-0.5 shrink-0"
                    checked={draft.kinds.includes(kind)}
                    onChange={() => toggle(kind)}
                  />
                  <label htmlFor={`${id}-${kind}`} className="cursor-pointer text-ink-2">
                    {NAMES[kind]}
                  </label>
                </div>
              ))}
            </div>
          </fieldset>
          <Field
            label="Days in the trash"
            className="max-w-72"
            hint="After so many days a script may go for good, with its runs. 0: never. One with a run that is marked to be kept stays."
            error={trash_days === "wrong" ? "A whole number of days up to 36,500, or nothing." : about("trash_days")}
          >
            {(control) => (
              <Input
                {...control}
                inputMode="numeric"
                className="num"
                placeholder={daysText(standard.trash_days)}
                value={days}
                onChange={(event) => setDays(event.target.value)}
              />
            )}
          </Field>
          {change.error && !known ? <ErrorNotice error={change.error} unchanged="Nothing was changed." /> : null}
        </div>
        <FormEnd
          changed={!same && trash_days !== "wrong"}
          busy={change.isPending}
          note="Nothing goes when this is saved; the next clean-up goes by it."
        />
      </form>
    </Panel>
  );
}
