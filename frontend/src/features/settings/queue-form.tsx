// When a run may start: how many at once, and how much of the disk stays free.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { SettingsView } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { typedQuantity } from "~/features/limits/quantity";
import { QuantityField } from "~/features/limits/quantity-field";
import { formatBytes } from "~/lib/format";
import type { ChangeSettings } from "./use-change-settings";

const shownRuns = (value: number | null | undefined) => (value == null ? "" : String(value));
const shownFree = (value: number | null | undefined) => (value == null ? "" : formatBytes(value));

export function QueueForm({ settings, change }: { settings: SettingsView; change: ChangeSettings }) {
  const { set, defaults } = settings;
  const [runs, setRuns] = useState(shownRuns(set.max_runs));
  const [free, setFree] = useState(shownFree(set.min_free_bytes));
  const max_runs = typedQuantity(runs, { shown: shownRuns(set.max_runs), value: set.max_runs, quantity: "count" });
  const min_free_bytes = typedQuantity(free, {
    shown: shownFree(set.min_free_bytes),
    value: set.min_free_bytes,
    quantity: "mebibytes",
  });
  const wrong = max_runs === "wrong" || min_free_bytes === "wrong";
  const changed = max_runs !== (set.max_runs ?? null) || min_free_bytes !== (set.min_free_bytes ?? null);
  const refused = change.error instanceof ApiError ? change.error : null;
  const readable = (message: string) =>
    message
      .replace("max_runs", "Runs at once")
      .replace("min_free_bytes", "Free space that is kept")
      .replace(/\b\d{5,}\b/g, (digits) => formatBytes(Number(digits)));
  const about = (field: string) => (refused?.field === field ? readable(refused.message) : null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (max_runs === "wrong" || min_free_bytes === "wrong") return;
    change.mutate({ max_runs, min_free_bytes }, { onSuccess: (view) => setFree(shownFree(view.set.min_free_bytes)) });
  };
  return (
    <Panel id="queue" title="Queue" actions={<span className="text-ink-3 text-xs">Empty means the default</span>}>
      <form onSubmit={submit}>
        <div className="grid gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
          <QuantityField
            label="Runs at once"
            quantity="count"
            text={runs}
            onChange={setRuns}
            standard={String(defaults.max_runs)}
            hint="More wait in the queue, builds included."
            error={max_runs === "wrong" ? "A whole number above zero, or nothing." : about("max_runs")}
          />
          <QuantityField
            label="Free space that is kept"
            quantity="mebibytes"
            text={free}
            onChange={setFree}
            standard={formatBytes(defaults.min_free_bytes)}
            hint="With less of the disk free, new runs wait."
            error={min_free_bytes === "wrong" ? "A size above zero, or nothing." : about("min_free_bytes")}
          />
          {change.error && refused?.field !== "max_runs" && refused?.field !== "min_free_bytes" ? (
            <ErrorNotice error={change.error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd
          changed={changed && !wrong}
          busy={change.isPending}
          note="It holds at once, for what waits already too."
        />
      </form>
    </Panel>
  );
}
