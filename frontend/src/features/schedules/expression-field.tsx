// A cron expression as it is typed: what is wrong with it is underlined in place.
import { useState } from "react";
import { ApiError } from "~/api/client";
import { Field, Input } from "~/components/ui/field";
import { charsOf } from "./form";

/** The place that a refusal of the preview names; null where it names none. */
function placeOf(error: unknown, expression: string): { begin: number; end: number } | null {
  if (!(error instanceof ApiError) || error.code !== "invalid_expression") return null;
  const { begin, end } = error.details;
  return typeof begin === "number" && typeof end === "number" ? charsOf(expression, begin, end) : null;
}

interface ExpressionFieldProps {
  value: string;
  onChange: (expression: string) => void;
  /** The refusal of this very expression. */
  refusal: unknown;
  error: string | null;
}

export function ExpressionField({ value, onChange, refusal, error }: ExpressionFieldProps) {
  const [scrolled, setScrolled] = useState(0);
  const place = placeOf(refusal, value);
  return (
    <Field
      label="Expression"
      error={error}
      hint={
        <>
          Minute, hour, day of month, month, day of week; <code className="num">@daily</code> and its like are
          understood.
        </>
      }
    >
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            className="h-10! px-3! font-mono text-lg!"
            autoComplete="off"
            spellCheck={false}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            onScroll={(event) => setScrolled(event.currentTarget.scrollLeft)}
          />
          {place ? (
            <div
              aria-hidden
              data-testid="expression-error"
              className="pointer-events-none absolute inset-x-px inset-y-0 overflow-hidden rounded-md px-3 font-mono text-lg leading-10"
            >
              <div className="whitespace-pre text-transparent" style={{ transform: `translateX(${-scrolled}px)` }}>
                {value.slice(0, place.begin)}
                <span className="underline decoration-2 decoration-fail decoration-wavy underline-offset-4">
                  {/* Where something is missing there is nothing to underline but the place for it. */}
                  {value.slice(place.begin, place.end) || "\u00a0\u00a0"}
                </span>
              </div>
            </div>
          ) : null}
        </div>
      )}
    </Field>
  );
}
