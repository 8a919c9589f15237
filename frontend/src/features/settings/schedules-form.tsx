// What holds for schedules: the zone that new ones are offered, and whether any fires at all.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { SettingsView } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { PauseAllButton, PausedBanner } from "~/features/schedules/pause-all";
import { ZoneField } from "~/features/schedules/zone-field";
import type { ChangeSettings } from "./use-change-settings";

export function SchedulesForm({ settings, change }: { settings: SettingsView; change: ChangeSettings }) {
  const kept = settings.set.default_timezone ?? "";
  const [zone, setZone] = useState(kept);
  const paused = settings.in_force.schedules_paused;
  const refused = change.error instanceof ApiError && change.error.field === "default_timezone" ? change.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ default_timezone: zone || null });
  };
  return (
    <Panel id="schedules" title="Schedules" actions={paused ? null : <PauseAllButton />}>
      {paused ? (
        <div className="px-4 pt-4">
          <PausedBanner paused />
        </div>
      ) : null}
      <form onSubmit={submit}>
        <div className="grid items-end gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
          <ZoneField
            label="Time zone of new schedules"
            value={zone}
            onChange={setZone}
            placeholder="The viewer's own (default)"
            hint={
              zone
                ? "New schedules begin with it; each can have another. Schedules there are stay as they are."
                : "Default: the zone of whoever makes the schedule. Choose one where all are to have the same."
            }
            error={refused?.message}
          />
          {zone ? (
            <Button look="quiet" className="mb-5 justify-self-start" onClick={() => setZone("")}>
              Back to the default
            </Button>
          ) : null}
          {change.error && !refused ? (
            <ErrorNotice error={change.error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd changed={zone !== kept} busy={change.isPending} note="For schedules that are made from then on." />
      </form>
    </Panel>
  );
}
