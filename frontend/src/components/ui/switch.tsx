// On or off, at once: for what has no "Save" of its own.
import { Switch as Radix } from "radix-ui";
import { cn } from "~/lib/cn";

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** Said by screen readers; where the label stands beside it, `id` ties it to that. */
  label?: string;
  id?: string;
  busy?: boolean;
  disabled?: boolean;
  className?: string;
  "aria-describedby"?: string | undefined;
}

export const Switch = ({ checked, onChange, label, busy, disabled, className, ...rest }: SwitchProps) => (
  <Radix.Root
    {...rest}
    checked={checked}
    onCheckedChange={onChange}
    disabled={disabled || busy}
    aria-label={label}
    aria-busy={busy || undefined}
    className={cn(
      "inline-flex h-4.5 w-8 shrink-0 items-center rounded-full border border-line-strong bg-sunken px-0.5 transition-colors duration-100",
      "data-[state=checked]:border-accent data-[state=checked]:bg-accent disabled:opacity-50",
      className,
    )}
  >
    <Radix.Thumb className="block size-3 rounded-full bg-ink-3 transition-transform duration-100 data-[state=checked]:translate-x-[14px] data-[state=checked]:bg-on-accent" />
  </Radix.Root>
);
