// Text as it is, whatever is in it: what a receiver answered, what was sent, a line for a shell. It scrolls, by keys
// too, and can be copied.
import type { ReactNode } from "react";
import { cn } from "~/lib/cn";
import { CopyButton } from "./copy-button";

interface TextBlockProps {
  /** What it is, for those who do not see where it stands. */
  label: string;
  /** What "copy" copies; without it nothing is copied. */
  copies?: string;
  /** Long lines scroll instead of being broken. */
  lines?: boolean;
  className?: string;
  children: ReactNode;
}

export const TextBlock = ({ label, copies, lines = false, className, children }: TextBlockProps) => (
  <div className="relative min-w-0 overflow-hidden rounded-sm border border-line bg-sunken">
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
      tabIndex={0}
      className={cn("overflow-auto outline-offset-[-2px]", className)}
    >
      <pre
        className={cn(
          "w-fit min-w-full px-3 py-2 font-mono text-[12px] leading-5",
          copies === undefined ? "" : "pr-10",
          lines ? "" : "w-full whitespace-pre-wrap [overflow-wrap:anywhere]",
        )}
      >
        {children}
      </pre>
    </section>
    {copies === undefined ? null : (
      <span className="absolute top-1 right-1 rounded-md bg-sunken">
        <CopyButton text={copies} label={`Copy: ${label}`} />
      </span>
    )}
  </div>
);
