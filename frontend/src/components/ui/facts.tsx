// Facts in rows: a name, what it means, its value. For settings and details.
import type { ReactNode } from "react";
import { cn } from "~/lib/cn";

interface FactRowProps {
  name: ReactNode;
  note?: string;
  dim?: boolean;
  children: ReactNode;
}

export const FactRow = ({ name, note, dim, children }: FactRowProps) => (
  <div className="flex min-h-10 break-inside-avoid flex-wrap items-center gap-x-4 gap-y-0.5 border-line border-b px-4 py-2 text-sm last:border-b-0">
    <dt className={cn("w-60 shrink-0 max-sm:w-36", dim ? "text-ink-3" : "text-ink-2")}>
      {name}
      {note ? <span className="block text-ink-3 text-xs">{note}</span> : null}
    </dt>
    <dd className="min-w-0 flex-1 basis-32 break-words">{children}</dd>
  </div>
);

export const Mono = ({ value }: { value: string | null | undefined }) =>
  value == null || value === "" ? (
    <span className="text-ink-3">unknown</span>
  ) : (
    <span className="num break-all">{value}</span>
  );
