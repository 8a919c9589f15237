// Buttons and links that look like buttons. One accent button per place at most.
import type { ComponentProps, ReactNode } from "react";
import { cn } from "~/lib/cn";
import { Tooltip } from "./tooltip";

export type ButtonLook = "plain" | "primary" | "quiet" | "danger";
export type ButtonSize = "sm" | "md";

const LOOKS: Record<ButtonLook, string> = {
  plain: "border border-line-strong bg-panel text-ink hover:bg-hover active:bg-selected",
  primary: "border border-transparent bg-accent text-on-accent hover:bg-accent-hover",
  quiet: "border border-transparent text-ink-2 hover:bg-hover hover:text-ink active:bg-selected",
  danger: "border border-fail/45 text-fail hover:bg-fail/10 active:bg-fail/15",
};
const SIZES: Record<ButtonSize, string> = { sm: "h-7 px-2 text-sm", md: "h-8 px-3 text-sm" };

export const buttonClass = (look: ButtonLook = "plain", size: ButtonSize = "md", className?: string) =>
  cn(
    "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors duration-100",
    "disabled:cursor-not-allowed disabled:opacity-50 [&_svg]:size-3.5 [&_svg]:shrink-0",
    LOOKS[look],
    SIZES[size],
    className,
  );

interface ButtonProps extends ComponentProps<"button"> {
  look?: ButtonLook;
  size?: ButtonSize;
  /** The act is under way: the button waits, keeps its width and says so to screen readers. */
  busy?: boolean;
}

export function Button({ look, size, busy, className, disabled, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={buttonClass(look, size, cn(busy && "opacity-60", className))}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    />
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label"> {
  /** Said by screen readers and shown on hover. */
  label: string;
  hint?: ReactNode;
  pressed?: boolean;
  /** For a place within a line of text. */
  dense?: boolean;
}

export function IconButton({ label, hint, pressed, dense, className, type = "button", ...rest }: IconButtonProps) {
  return (
    <Tooltip content={hint ?? label}>
      <button
        type={type}
        aria-label={label}
        aria-pressed={pressed}
        className={cn(
          "inline-flex shrink-0 items-center justify-center rounded-md text-ink-3 transition-colors duration-100 hover:bg-hover hover:text-ink disabled:opacity-45",
          dense ? "size-5 [&_svg]:size-3.5" : "size-7 [&_svg]:size-4",
          pressed && "bg-selected text-ink",
          className,
        )}
        {...rest}
      />
    </Tooltip>
  );
}
