// Who receives: one of the formats, with what it means.
import { useId } from "react";
import type { Format } from "../contract";
import { aboutFormat, FORMATS } from "../formats";

interface FormatFieldProps {
  value: Format;
  onChange: (format: Format) => void;
  error?: string | undefined;
}

export function FormatField({ value, onChange, error }: FormatFieldProps) {
  const id = useId();
  return (
    <fieldset aria-describedby={`${id}-means`} className="min-w-0">
      <legend className="mb-1.5 font-medium text-ink text-sm">Receiver</legend>
      <div className="grid grid-cols-3 gap-1.5 max-sm:grid-cols-2">
        {FORMATS.map(({ format, name }) => (
          <label
            key={format}
            className="flex h-9 cursor-pointer items-center justify-center rounded-md border border-line-strong bg-panel px-2 text-ink-2 text-sm hover:bg-hover has-checked:border-accent-ink has-checked:bg-accent-soft has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent-ink has-focus-visible:outline-offset-1"
          >
            <input
              type="radio"
              className="sr-only"
              name={id}
              value={format}
              checked={format === value}
              onChange={() => onChange(format)}
            />
            {name}
          </label>
        ))}
      </div>
      <p id={`${id}-means`} className={error ? "mt-1.5 text-fail text-xs" : "mt-1.5 text-ink-3 text-xs"}>
        {error ?? aboutFormat(value).means}
      </p>
    </fieldset>
  );
}
