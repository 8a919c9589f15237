// Options to choose from in a popover or a sheet: one of them, or several. Arrows move, Enter and Space choose.
import { Check } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { cn } from "~/lib/cn";

export interface ListOption<T extends string> {
  value: T;
  label: ReactNode;
  /** Beside it, in small. */
  note?: ReactNode;
}

interface OptionListProps<T extends string> {
  label: string;
  options: readonly ListOption<T>[];
  chosen: readonly T[];
  onChoose: (value: T) => void;
  multiple?: boolean;
  className?: string;
}

export function OptionList<T extends string>(props: OptionListProps<T>) {
  const { label, options, chosen, onChoose, multiple = false, className } = props;
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[Math.min(Math.max(0, at + step), items.length - 1)]?.focus();
  };
  return (
    <div
      ref={list}
      role="listbox"
      aria-label={label}
      aria-multiselectable={multiple}
      onKeyDown={onKeyDown}
      className={cn("flex flex-col", className)}
    >
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="option"
          aria-selected={chosen.includes(option.value)}
          onClick={() => onChoose(option.value)}
          className="flex min-h-7 w-full items-center gap-2 rounded-sm px-2 py-1 text-left text-ink text-sm hover:bg-selected focus-visible:bg-selected max-sm:min-h-9"
        >
          {multiple ? (
            <span
              aria-hidden
              className="inline-flex size-3.5 shrink-0 items-center justify-center rounded-sm border border-line-strong text-accent-ink"
            >
              {chosen.includes(option.value) ? <Check className="size-3" /> : null}
            </span>
          ) : null}
          <span className="truncate-line min-w-0 flex-1">{option.label}</span>
          {option.note ? <span className="shrink-0 text-ink-3 text-xs">{option.note}</span> : null}
          {!multiple && chosen.includes(option.value) ? (
            <Check aria-hidden className="size-3.5 shrink-0 text-accent-ink" />
          ) : null}
        </button>
      ))}
    </div>
  );
}
