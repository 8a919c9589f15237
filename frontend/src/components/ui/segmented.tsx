// A choice of few, all of them visible.
import { ToggleGroup } from "radix-ui";
import type { ReactNode } from "react";

interface SegmentedProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  label: string;
  options: readonly { value: T; label: ReactNode; title?: string }[];
}

export function Segmented<T extends string>({ value, onChange, label, options }: SegmentedProps<T>) {
  return (
    <ToggleGroup.Root
      type="single"
      value={value}
      onValueChange={(next) => next && onChange(next as T)}
      aria-label={label}
      className="inline-flex h-7 items-center rounded-md border border-line bg-sunken p-0.5"
    >
      {options.map((option) => (
        <ToggleGroup.Item
          key={option.value}
          value={option.value}
          title={option.title}
          aria-label={option.title}
          className="inline-flex h-full items-center gap-1.5 whitespace-nowrap rounded-sm border border-transparent px-2 text-ink-3 text-sm transition-colors duration-100 hover:text-ink data-[state=on]:border-line data-[state=on]:bg-panel data-[state=on]:text-ink [&_svg]:size-3.5"
        >
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
