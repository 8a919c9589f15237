// A secret that the server made and will not tell again: the whole of it, a way to copy it, and the word that it is
// now or never. Text, never markup; selectable where copying is forbidden.
import { KeyRound } from "lucide-react";
import type { ReactNode } from "react";
import { CopyButton } from "./copy-button";

interface ShownOnceProps {
  /** "The signing secret" */
  name: string;
  value: string;
  /** What to do with it. */
  children?: ReactNode;
}

export const ShownOnce = ({ name, value, children }: ShownOnceProps) => (
  <div role="status" className="rounded-md border border-accent-ink/40 bg-accent-soft p-3 text-sm">
    <p className="flex items-baseline gap-2 font-medium text-ink">
      <KeyRound aria-hidden className="size-3.5 shrink-0 translate-y-0.5 text-accent-ink" />
      {name} is shown now and never again
    </p>
    <div className="mt-2 flex items-start gap-2">
      <code className="min-w-0 flex-1 select-all break-all rounded-sm border border-line bg-panel px-2 py-1 font-mono text-[12.5px] leading-5">
        {value}
      </code>
      <CopyButton word text={value} label={`Copy: ${name}`} />
    </div>
    {children ? <div className="mt-2 text-ink-2">{children}</div> : null}
  </div>
);
