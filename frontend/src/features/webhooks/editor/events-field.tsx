// What it is told of, each with what it means.
import { useId } from "react";
import { Checkbox } from "~/components/ui/checkbox";
import type { HookEvent } from "../contract";
import { EVENTS } from "../formats";

interface EventsFieldProps {
  value: readonly HookEvent[];
  onChange: (events: HookEvent[]) => void;
  error?: string | undefined;
}

export function EventsField({ value, onChange, error }: EventsFieldProps) {
  const id = useId();
  return (
    <fieldset
      className="min-w-0"
      data-invalid={error ? "" : undefined}
      aria-describedby={error ? `${id}-error` : undefined}
    >
      <legend className="mb-1.5 font-medium text-ink text-sm">What it is told of</legend>
      <div className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
        {EVENTS.map(({ event, name, means }) => (
          <div key={event} className="flex gap-2 text-sm">
            <Checkbox
              id={`${id}-${event}`}
              className="mt-0.5 shrink-0"
              aria-describedby={`${id}-${event}-means`}
              checked={value.includes(event)}
              onChange={(change) =>
                onChange(change.target.checked ? [...value, event] : value.filter((each) => each !== event))
              }
            />
            <div className="min-w-0">
              <label htmlFor={`${id}-${event}`} className="cursor-pointer text-ink">
                {name}
              </label>
              <p id={`${id}-${event}-means`} className="text-ink-3 text-xs">
                {means}
              </p>
            </div>
          </div>
        ))}
      </div>
      {error ? (
        <p id={`${id}-error`} className="mt-1.5 text-fail text-xs">
          {error}
        </p>
      ) : null}
    </fieldset>
  );
}
