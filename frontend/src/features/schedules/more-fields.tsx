// What a schedule decides beside its time, with what it comes to in sentences.
import type { ReactNode } from "react";
import { controlClass, Field, Input } from "~/components/ui/field";
import { type Option, Select } from "~/components/ui/select";
import { cn } from "~/lib/cn";
import { type Draft, type Errors, read } from "./form";
import { policySentences } from "./words";

const OVERLAPS: readonly Option<Draft["overlap"]>[] = [
  { value: "script", label: "As the script says" },
  { value: "queue", label: "Wait" },
  { value: "skip", label: "Skip the new one" },
  { value: "replace", label: "Replace the old one" },
  { value: "allow", label: "Run side by side" },
];
const MISSED: readonly Option<Draft["missed"]>[] = [
  { value: "latest", label: "Run the latest" },
  { value: "all", label: "Run all, in order" },
  { value: "none", label: "Skip them" },
];
const BACKOFFS: readonly Option<Draft["backoff"]>[] = [
  { value: "doubling", label: "Twice as long each time" },
  { value: "fixed", label: "The same each time" },
];
const LOST: readonly Option<Draft["afterLost"]>[] = [
  { value: "fail", label: "Leave it: it may have done its work" },
  { value: "rerun", label: "Run it again at once" },
];

interface MoreFieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Errors;
}

export function MoreFields({ draft, set, errors }: MoreFieldsProps) {
  const text = (key: "window" | "jitter" | "attempts" | "delay" | "longest", label: string, hint?: string) => (
    <Field label={label} hint={hint} error={errors[key]}>
      {(control) => (
        <Input
          {...control}
          className="num"
          autoComplete="off"
          value={draft[key]}
          onChange={(event) => set({ [key]: event.target.value })}
        />
      )}
    </Field>
  );
  const lines = (key: "args" | "env", label: string, placeholder: string) => (
    <Field label={label} hint="One a line." error={errors[key]}>
      {(control) => (
        <textarea
          {...control}
          rows={2}
          spellCheck={false}
          className={cn(controlClass, "num min-h-14 resize-y px-2.5 py-1.5")}
          placeholder={placeholder}
          value={draft[key]}
          onChange={(event) => set({ [key]: event.target.value })}
        />
      )}
    </Field>
  );
  const retries = draft.attempts.trim() !== "1";
  return (
    <div className="flex flex-col gap-5">
      <Group title="What it runs with">
        {lines("args", "Arguments", "--day\nyesterday")}
        {lines("env", "Variables", "NAME=value")}
      </Group>
      <Group title="When it cannot start in time">
        <Field label="During an unfinished run" error={errors.overlap}>
          {({ id }) => (
            <Select id={id} value={draft.overlap} onChange={(overlap) => set({ overlap })} options={OVERLAPS} />
          )}
        </Field>
        <Field label="Missed fires" hint="Because nobody was there." error={errors.missed}>
          {({ id }) => <Select id={id} value={draft.missed} onChange={(missed) => set({ missed })} options={MISSED} />}
        </Field>
        {draft.missed === "none" ? null : text("window", "Made up for within", "Later it is skipped.")}
        {text("jitter", "Spread", "Starts up to this much later, always by the same time.")}
      </Group>
      <Group title="When a run goes wrong">
        {text("attempts", "Runs for one fire, at most", "1 means that nothing is tried again.")}
        {retries ? text("delay", "Wait before the second") : null}
        {retries ? (
          <Field label="Waits after that">
            {({ id }) => (
              <Select id={id} value={draft.backoff} onChange={(backoff) => set({ backoff })} options={BACKOFFS} />
            )}
          </Field>
        ) : null}
        {retries && draft.backoff === "doubling" ? text("longest", "Longest wait") : null}
        <Field label="After a lost run">
          {({ id }) => (
            <Select id={id} value={draft.afterLost} onChange={(afterLost) => set({ afterLost })} options={LOST} />
          )}
        </Field>
      </Group>
      <Sentences draft={draft} />
    </div>
  );
}

const Group = ({ title, children }: { title: string; children: ReactNode }) => (
  <fieldset className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
    <legend className="mb-2 font-medium text-ink-3 text-xs">{title}</legend>
    {children}
  </fieldset>
);

function Sentences({ draft }: { draft: Draft }) {
  const { terms } = read(draft);
  if (!terms) return null;
  return (
    <p className="rounded-md border border-line bg-panel px-3 py-2 text-ink-2 text-sm" data-testid="policies">
      {policySentences(terms).join(" ")}
    </p>
  );
}
