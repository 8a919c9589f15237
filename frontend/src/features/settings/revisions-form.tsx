// How many of its revisions a script keeps.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { SettingsView } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import type { ChangeSettings } from "./use-change-settings";

const shown = (value: number | null | undefined) => (value == null ? "" : String(value));

/** `null` for the default. */
const typed = (text: string): number | null | "wrong" => {
  if (text.trim() === "") return null;
  return /^\d{1,6}$/.test(text.trim()) ? Number(text) : "wrong";
};

export function RevisionsForm({ settings, change }: { settings: SettingsView; change: ChangeSettings }) {
  const { set, defaults } = settings;
  const [text, setText] = useState(shown(set.max_revisions));
  const max_revisions = typed(text);
  const refused = change.error instanceof ApiError && change.error.field === "max_revisions" ? change.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (max_revisions !== "wrong") change.mutate({ max_revisions });
  };
  return (
    <Panel
      id="revisions"
      title="Revisions"
      actions={<span className="text-ink-3 text-xs">Empty means the default</span>}
    >
      <form onSubmit={submit}>
        <div className="grid gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
          <Field
            label="Revisions of a script"
            hint="The oldest go first, but never one with a label, nor one that a kept run has executed. 0: no bound."
            error={
              max_revisions === "wrong"
                ? "A whole number, or nothing."
                : refused?.message.replace("max_revisions", "The number")
            }
          >
            {(control) => (
              <Input
                {...control}
                inputMode="numeric"
                className="num"
                placeholder={shown(defaults.max_revisions)}
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
          {change.error && !refused ? (
            <ErrorNotice error={change.error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd
          changed={max_revisions !== "wrong" && max_revisions !== (set.max_revisions ?? null)}
          busy={change.isPending}
          note="What is beyond the bound goes at once, for good."
        />
      </form>
    </Panel>
  );
}
