// One bound: as the level above, none, or a number; with what it means beside it.
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Input } from "~/components/ui/field";
import { Select } from "~/components/ui/select";
import { hasUnit, UNITS } from "~/features/limits/quantity";
import type { BOUNDS, Bound, Mode } from "./retention";

interface BoundRowProps {
  field: (typeof BOUNDS)[number];
  bound: Bound;
  label: string;
  /** What holds where nothing is set, in words. */
  standard: string;
  /** That is a bound. */
  bounded: boolean;
  hint: ReactNode;
  error: string | null;
  onChange: (bound: Bound) => void;
}

export function BoundRow({ field, bound, label, standard, bounded, hint, error, onChange }: BoundRowProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const chosen = useRef(false);
  useEffect(() => {
    // Only after somebody chose to type a number, not when the page opens with one.
    if (bound.mode === "most" && chosen.current) input.current?.focus();
  }, [bound.mode]);
  return (
    <div className="grid gap-x-6 gap-y-2 border-line border-b px-4 py-3 text-sm last:border-b-0 sm:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <p id={`${id}-label`} className="font-medium text-ink">
          {label}
        </p>
        <p id={`${id}-hint`} className="text-ink-3 text-xs">
          {hint}
        </p>
      </div>
      <div className="flex flex-col gap-1 sm:w-96">
        <div className="flex gap-2">
          <Select<Mode>
            label={label}
            className={bound.mode === "most" ? "w-40 shrink-0" : "min-w-0 flex-1"}
            value={bound.mode}
            onChange={(mode) => {
              chosen.current = true;
              onChange({ ...bound, mode });
            }}
            options={[
              { value: "standard", label: standard },
              { value: "most", label: field.most },
              // Where nothing binds anyway, saying so again is no choice.
              ...(bounded || bound.mode === "none" ? [{ value: "none" as const, label: "No bound" }] : []),
            ]}
          />
          {bound.mode === "most" ? (
            <div className="relative min-w-0 flex-1">
              <Input
                ref={input}
                aria-label={`${label}, at most`}
                aria-invalid={error !== null}
                aria-describedby={error ? `${id}-error` : `${id}-hint`}
                inputMode="decimal"
                autoComplete="off"
                className="num pr-14"
                placeholder={field.placeholder}
                value={bound.text}
                onChange={(event) => onChange({ ...bound, text: event.target.value })}
              />
              {bound.text && !hasUnit(bound.text) ? (
                <span aria-hidden className="pointer-events-none absolute top-[7px] right-2.5 text-ink-3 text-sm">
                  {UNITS[field.quantity]}
                </span>
              ) : null}
            </div>
          ) : null}
        </div>
        {error ? (
          <p id={`${id}-error`} className="text-fail text-xs">
            {error}
          </p>
        ) : null}
      </div>
    </div>
  );
}
