// A labelled control with its hint and its error, tied together for screen readers.
import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "~/lib/cn";

/** Without height and width: who uses it says those. */
export const controlClass =
  "min-w-0 rounded-md border border-line-strong bg-panel text-sm text-ink transition-colors duration-100 hover:border-ink-3/60 disabled:opacity-50 aria-invalid:border-fail";

interface InputProps extends ComponentProps<"input"> {
  /** For a name typed in place, in a list's row. */
  dense?: boolean;
}

export function Input({ className, dense, ...rest }: InputProps) {
  return <input className={cn(controlClass, "w-full", dense ? "h-6 px-1.5" : "h-8 px-2.5", className)} {...rest} />;
}

/** For what is typed exactly, such as names and expressions. */
export const CodeInput = ({ className, ...rest }: InputProps) => (
  <Input className={cn("font-mono", className)} autoComplete="off" spellCheck={false} {...rest} />
);

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      className={cn(
        "block w-full min-w-0 resize-y bg-transparent px-4 py-3 text-ink outline-offset-[-2px] aria-invalid:bg-fail/8",
        className,
      )}
      {...rest}
    />
  );
}

interface FieldProps {
  label: ReactNode;
  /** At the other end of the label's line. */
  aside?: ReactNode;
  hint?: ReactNode;
  error?: string | null | undefined;
  className?: string;
  children: (control: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }) => ReactNode;
}

export function Field({ label, aside, hint, error, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={cn("flex flex-col gap-1", className)}>
      <div className="flex min-h-5 items-center justify-between gap-2">
        <label htmlFor={id} className="text-sm font-medium text-ink">
          {label}
        </label>
        {aside}
      </div>
      {children({ id, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": Boolean(error) })}
      {note ? (
        <p id={`${id}-note`} className={cn("text-xs", error ? "text-fail" : "text-ink-3")}>
          {note}
        </p>
      ) : null}
    </div>
  );
}
