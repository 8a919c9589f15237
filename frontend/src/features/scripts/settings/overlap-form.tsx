// What a new run does about one of the same script that is not over yet.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { Overlap, Script } from "~/api/types";
import { type Choice, Choices } from "~/components/ui/choices";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { boundOf } from "./parallel-bound";
import { useChangeScript } from "./use-change-script";

const MEANS: readonly Choice<Overlap>[] = [
  {
    value: "queue",
    label: "Wait",
    means: "The new run waits in the queue until the one before it is over. None is lost.",
  },
  {
    value: "skip",
    label: "Skip the new one",
    means: "The new run ends at once as skipped, and says so in the history.",
  },
  {
    value: "replace",
    label: "Replace the old one",
    means: "The run before it is asked to stop, as with Stop, and the new one starts when it has ended.",
  },
  {
    value: "allow",
    label: "Run side by side",
    means:
      "The new run starts beside the others. They share the script's folder, so they must not get in each other's way.",
  },
];

export function OverlapForm({ script }: { script: Script }) {
  const change = useChangeScript(script);
  const [overlap, setOverlap] = useState(script.overlap);
  const [most, setMost] = useState(script.parallel_limit == null ? "" : String(script.parallel_limit));
  const bound = boundOf(most);
  const wanted = overlap === "allow" && bound !== "wrong" ? bound : (script.parallel_limit ?? null);
  const changed = overlap !== script.overlap || wanted !== (script.parallel_limit ?? null);
  const refused = change.error instanceof ApiError && change.error.field === "parallel_limit" ? change.error : null;
  const wrong = overlap === "allow" && bound === "wrong";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) change.mutate({ overlap, parallel_limit: wanted });
  };
  const number = (
    <Field
      label="At most at once"
      hint="Empty means no bound but the one for all runs, in Settings."
      error={wrong ? "A whole number above zero, or nothing." : refused?.message}
    >
      {(control) => (
        <Input
          {...control}
          inputMode="numeric"
          autoComplete="off"
          className="num max-w-28"
          placeholder="no bound"
          value={most}
          onChange={(event) => setMost(event.target.value)}
        />
      )}
    </Field>
  );
  return (
    <Panel id="overlap" title="Overlapping runs">
      <form onSubmit={submit}>
        <p className="border-line border-b px-4 py-3 text-ink-2 text-sm">
          What happens when a run of this script is due while another is not over yet.
        </p>
        <Choices
          label="Overlapping runs"
          value={overlap}
          onChange={setOverlap}
          choices={MEANS.map((choice) => (choice.value === "allow" ? { ...choice, more: number } : choice))}
        />
        {change.error && !refused ? (
          <ErrorNotice error={change.error} unchanged="The policy stays as it was." className="m-4 mt-0" />
        ) : null}
        <FormEnd changed={changed && !wrong} busy={change.isPending} />
      </form>
    </Panel>
  );
}
