// One of several, each with a sentence that says what it means. Arrow keys move.
import { RadioGroup } from "radix-ui";
import { type ReactNode, useId } from "react";

export interface Choice<T extends string> {
  value: T;
  label: string;
  means: ReactNode;
  /** Shown while it is chosen. */
  more?: ReactNode;
}

interface ChoicesProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  label: string;
  choices: readonly Choice<T>[];
}

export function Choices<T extends string>({ value, onChange, label, choices }: ChoicesProps<T>) {
  const id = useId();
  return (
    <RadioGroup.Root
      value={value}
      onValueChange={(next) => onChange(next as T)}
      aria-label={label}
      className="flex flex-col"
    >
      {choices.map((choice) => (
        <div key={choice.value} className="flex gap-3 border-line border-b px-4 py-3 last:border-b-0">
          <RadioGroup.Item
            id={`${id}-${choice.value}`}
            value={choice.value}
            aria-describedby={`${id}-${choice.value}-means`}
            className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-line-strong bg-panel data-[state=checked]:border-accent-ink"
          >
            <RadioGroup.Indicator className="size-2 rounded-full bg-accent-ink" />
          </RadioGroup.Item>
          <div className="min-w-0 flex-1 text-sm">
            <label htmlFor={`${id}-${choice.value}`} className="cursor-pointer font-medium text-ink">
              {choice.label}
            </label>
            <p id={`${id}-${choice.value}-means`} className="text-ink-2">
              {choice.means}
            </p>
            {choice.more && choice.value === value ? <div className="mt-2.5">{choice.more}</div> : null}
          </div>
        </div>
      ))}
    </RadioGroup.Root>
  );
}
