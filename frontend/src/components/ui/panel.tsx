// Surfaces: a page, a bordered panel, an empty place, a place that waits.
import type { ComponentProps, ReactNode } from "react";
import { cn } from "~/lib/cn";

interface PageProps {
  children: ReactNode;
  /** The page's heading. The top bar shows the same words, so it is only said, not shown twice. */
  title?: string;
  /** For forms and facts, which are read in one column. */
  narrow?: boolean;
  className?: string;
}

export const Page = ({ children, title, narrow, className }: PageProps) => (
  <div className={cn("w-full px-4 py-4 sm:px-6", narrow ? "max-w-[928px]" : "mx-auto max-w-[1280px]", className)}>
    {title ? <h1 className="sr-only">{title}</h1> : null}
    {children}
  </div>
);

interface PanelProps extends Omit<ComponentProps<"section">, "title"> {
  title?: ReactNode;
  actions?: ReactNode;
  danger?: boolean;
}

export function Panel({ title, actions, danger, className, children, ...rest }: PanelProps) {
  return (
    <section
      className={cn(
        "min-w-0 scroll-mt-4 overflow-hidden rounded-md border bg-panel",
        danger ? "border-fail/35" : "border-line",
        className,
      )}
      {...rest}
    >
      {title ? (
        <header className="flex min-h-10 items-center justify-between gap-3 border-line border-b px-4">
          <h2 className="text-sm font-semibold">{title}</h2>
          {actions}
        </header>
      ) : null}
      {children}
    </section>
  );
}

interface EmptyProps {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}

/** An empty place shows the one thing to do there. */
export function Empty({ title, children, action, className }: EmptyProps) {
  return (
    <div className={cn("flex flex-col items-center px-6 py-10 text-center", className)}>
      <p className="font-medium text-ink">{title}</p>
      {children ? <div className="mt-1 max-w-md text-sm text-ink-3">{children}</div> : null}
      {action ? <div className="mt-4">{action}</div> : null}
    </div>
  );
}

export const Skeleton = ({ className }: { className?: string }) => (
  <div aria-hidden className={cn("animate-late rounded-sm bg-selected", className)} />
);

/** Rows of the height the content will have, so that nothing moves when it comes. */
export function SkeletonRows({ rows = 5, height = 40 }: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => index).map((index) => (
        <div
          key={index}
          className="flex items-center gap-4 border-line border-b px-4 last:border-b-0"
          style={{ height }}
        >
          <Skeleton className="size-3.5 rounded-full" />
          <Skeleton className="h-3 w-1/4" />
          <Skeleton className="ml-auto h-3 w-1/6" />
        </div>
      ))}
    </div>
  );
}
