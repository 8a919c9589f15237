// A number with its unit and its default beside it; empty means the default, and one press goes back to it.
import { RotateCcw } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { IconButton } from "~/components/ui/button";
import { Field, Input } from "~/components/ui/field";
import { hasUnit, type Quantity, UNITS } from "./quantity";

interface QuantityFieldProps {
  label: string;
  quantity: Quantity;
  text: string;
  onChange: (text: string) => void;
  /** What holds when it is empty, in words; null while it is not known. */
  standard: string | null;
  hint: ReactNode;
  error?: string | null | undefined;
  /** Brings the field into view and the caret into it, each time it becomes true. */
  focus?: boolean | undefined;
}

export function QuantityField(props: QuantityFieldProps) {
  const { label, quantity, text, onChange, standard, hint, error, focus } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!focus || !input.current) return;
    input.current.scrollIntoView({ block: "center" });
    input.current.focus({ preventScroll: true });
    input.current.select();
  }, [focus]);
  const reset = () => {
    onChange("");
    input.current?.focus();
  };
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      aside={
        <span className="flex h-5 items-center gap-0.5 text-ink-3 text-xs">
          {standard === null ? null : (
            <span>
              default <span className="num">{standard}</span>
            </span>
          )}
          {text.trim() === "" ? null : (
            <IconButton dense label={`${label}: back to the default`} onClick={reset}>
              <RotateCcw />
            </IconButton>
          )}
        </span>
      }
    >
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            ref={input}
            inputMode="decimal"
            autoComplete="off"
            className="num pr-14"
            placeholder={standard ?? ""}
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
          {text && !hasUnit(text) ? (
            <span aria-hidden className="pointer-events-none absolute top-[7px] right-2.5 text-ink-3 text-sm">
              {UNITS[quantity]}
            </span>
          ) : null}
        </div>
      )}
    </Field>
  );
}
