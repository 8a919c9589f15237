// When it is not told, although something happened: while nothing changes, and in quiet hours.
import { useId } from "react";
import { Checkbox } from "~/components/ui/checkbox";
import { Field, Input } from "~/components/ui/field";
import { ZoneField } from "~/features/schedules/zone-field";
import type { Draft, Errors } from "../form";
import { DAYS } from "../words";
import { Group } from "./group";

interface RulesFieldsProps {
  draft: Draft;
  set: (next: Partial<Draft>) => void;
  errors: Errors;
}

export function RulesFields({ draft, set, errors }: RulesFieldsProps) {
  const id = useId();
  return (
    <Group title="How often">
      <Option
        id={`${id}-change`}
        label="Only when it changes"
        means="Of the same in a row only the first: one message when a script begins to fail, one when it succeeds again."
        checked={draft.onChange}
        onChange={(onChange) => set({ onChange })}
      />
      {errors.onChange ? <p className="text-fail text-xs">{errors.onChange}</p> : null}
      <Option
        id={`${id}-nth`}
        label={draft.onChange ? "And remind while it fails" : "Not of every failure"}
        means={
          draft.onChange
            ? "Beside the first failure, each time so many have come in a row."
            : "Instead of all failures, only each time so many have come in a row."
        }
        checked={draft.repeat}
        onChange={(repeat) => set({ repeat })}
      >
        <Field label="Failures in a row" error={errors.nth} className="w-40">
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              autoComplete="off"
              className="num"
              value={draft.nth}
              onChange={(event) => set({ nth: event.target.value })}
            />
          )}
        </Field>
      </Option>
      <Option
        id={`${id}-quiet`}
        label="Quiet hours"
        means="What there is to tell is held, and sent when they are over."
        checked={draft.quiet}
        onChange={(quiet) => set({ quiet })}
      >
        <div className="grid grid-cols-2 items-start gap-3 sm:grid-cols-[7.5rem_7.5rem_minmax(0,1fr)]">
          <Clock label="From" value={draft.from} error={errors.from} onChange={(from) => set({ from })} />
          <Clock label="To" value={draft.to} error={errors.to} onChange={(to) => set({ to })} />
          <ZoneField
            className="max-sm:col-span-2"
            value={draft.zone}
            error={errors.zone}
            onChange={(zone) => set({ zone })}
          />
        </div>
        <Days draft={draft} set={set} error={errors.days} />
      </Option>
    </Group>
  );
}

interface OptionProps {
  id: string;
  label: string;
  means: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** Shown while it is chosen. */
  children?: React.ReactNode;
}

const Option = ({ id, label, means, checked, onChange, children }: OptionProps) => (
  <div className="flex gap-2 text-sm">
    <Checkbox
      id={id}
      className="mt-0.5 shrink-0"
      aria-describedby={`${id}-means`}
      checked={checked}
      onChange={(event) => onChange(event.target.checked)}
    />
    <div className="min-w-0 flex-1">
      <label htmlFor={id} className="cursor-pointer text-ink">
        {label}
      </label>
      <p id={`${id}-means`} className="text-ink-3 text-xs">
        {means}
      </p>
      {checked && children ? <div className="mt-2">{children}</div> : null}
    </div>
  </div>
);

interface ClockProps {
  label: string;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

const Clock = ({ label, value, error, onChange }: ClockProps) => (
  <Field label={label} error={error}>
    {(control) => (
      <Input
        {...control}
        type="time"
        className="num"
        value={value}
        // Browsers add seconds where a value came with them.
        onChange={(event) => onChange(event.target.value.slice(0, 5))}
      />
    )}
  </Field>
);

function Days({ draft, set, error }: { draft: Draft; set: (next: Partial<Draft>) => void; error: string | undefined }) {
  return (
    <fieldset className="mt-3">
      <legend className="mb-1 font-medium text-sm">Beginning on</legend>
      <div className="flex flex-wrap gap-1">
        {DAYS.map(({ day, short, name }) => (
          <label
            key={day}
            title={name}
            className="inline-flex h-7 w-9 cursor-pointer items-center justify-center rounded-md border border-line text-ink-3 text-xs hover:bg-hover has-checked:border-accent-ink has-checked:bg-accent-soft has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent-ink"
          >
            <input
              type="checkbox"
              className="sr-only"
              aria-label={name}
              checked={draft.days.includes(day)}
              onChange={(event) =>
                set({ days: event.target.checked ? [...draft.days, day] : draft.days.filter((each) => each !== day) })
              }
            />
            {short}
          </label>
        ))}
      </div>
      {error ? <p className="mt-1 text-fail text-xs">{error}</p> : null}
    </fieldset>
  );
}
