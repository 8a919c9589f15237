// The filters that are typed: an interval, a duration, a text. Nothing changes before it can be understood.
import { type FormEvent, useState } from "react";
import { Button } from "~/components/ui/button";
import { Field, Input } from "~/components/ui/field";
import { parseQuantity } from "~/features/limits/quantity";
import { formatDuration } from "~/lib/format";
import type { EditorProps } from "./editors";
import { fromLocal, toLocal } from "./filters";

const FORM = "flex flex-col gap-3 p-2";

export function SpanEditor({ filters, onChange, onDone }: EditorProps) {
  const [from, setFrom] = useState(toLocal(filters.from));
  const [to, setTo] = useState(toLocal(filters.to));
  const backwards = from !== "" && to !== "" && from >= to;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (backwards) return;
    onChange({ last: undefined, from: fromLocal(from), to: fromLocal(to) });
    onDone();
  };
  return (
    <form onSubmit={submit} className={`${FORM} mt-1 border-line border-t`}>
      <Field label="From">
        {(control) => (
          <Input {...control} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
        )}
      </Field>
      <Field label="Until" error={backwards ? "It has to be after the beginning." : null}>
        {(control) => (
          <Input {...control} type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
        )}
      </Field>
      <Button type="submit" size="sm" disabled={backwards || (from === "" && to === "")}>
        Show this time
      </Button>
    </form>
  );
}

const shown = (seconds: number | undefined) =>
  seconds === undefined ? "" : seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);

export function DurationEditor({ filters, onChange, onDone }: EditorProps) {
  const [longer, setLonger] = useState(shown(filters.longer_than));
  const [shorter, setShorter] = useState(shown(filters.shorter_than));
  const read = (text: string) => (text.trim() === "" ? undefined : parseQuantity(text, "time"));
  const longer_than = read(longer);
  const shorter_than = read(shorter);
  const wrong = "A time such as 90 s or 2 min.";
  const never = longer_than != null && shorter_than != null && longer_than >= shorter_than;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (longer_than === null || shorter_than === null || never) return;
    onChange({ longer_than, shorter_than });
    onDone();
  };
  return (
    <form onSubmit={submit} className={FORM}>
      <Field label="Longer than" error={longer_than === null ? wrong : null}>
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            className="num"
            placeholder="2 min"
            value={longer}
            onChange={(event) => setLonger(event.target.value)}
          />
        )}
      </Field>
      <Field label="Shorter than" error={shorter_than === null ? wrong : never ? "No run is both." : null}>
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            className="num"
            placeholder="1 h"
            value={shorter}
            onChange={(event) => setShorter(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" size="sm" disabled={longer_than === null || shorter_than === null || never}>
        Show these runs
      </Button>
    </form>
  );
}

const LEAST = 3;

export function ErrorEditor({ filters, onChange, onDone }: EditorProps) {
  const [text, setText] = useState(filters.error ?? "");
  const short = text !== "" && text.length < LEAST;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (short) return;
    onChange({ error: text || undefined });
    onDone();
  };
  return (
    <form onSubmit={submit} className={FORM}>
      <Field
        label="Error text"
        hint="In the last lines of stderr, the exception, or the outcome's message."
        error={short ? `At least ${LEAST} characters.` : null}
      >
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            spellCheck={false}
            placeholder="ConnectionError"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" size="sm" disabled={short}>
        Show these runs
      </Button>
    </form>
  );
}
