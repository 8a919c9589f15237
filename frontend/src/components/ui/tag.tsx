import type { ReactNode } from "react";
import { cn } from "~/lib/cn";

export const Tag = ({ children, className }: { children: ReactNode; className?: string }) => (
  <span
    className={cn(
      "inline-flex h-5 max-w-40 items-center rounded-sm border border-line bg-sunken px-1.5 text-ink-2 text-xs",
      className,
    )}
  >
    <span className="truncate-line">{children}</span>
  </span>
);

export const Kbd = ({ children }: { children: ReactNode }) => (
  <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-line-strong bg-sunken px-1 font-mono text-ink-2 text-xs">
    {children}
  </kbd>
);
