// Something to look at twice, said calmly where it stands, with the one press that mends it. It forbids nothing.
import { TriangleAlert } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "~/lib/cn";

interface CautionProps extends ComponentProps<"p"> {
  mend?: { label: string; onMend: () => void };
}

export const Caution = ({ mend, className, children, ...rest }: CautionProps) => (
  <p className={cn("flex items-baseline gap-2 text-skip text-sm", className)} {...rest}>
    <TriangleAlert aria-hidden className="size-3.5 shrink-0 translate-y-0.5" />
    <span className="min-w-0 [overflow-wrap:anywhere]">
      {children}{" "}
      {mend ? (
        <button type="button" onClick={mend.onMend} className="rounded-sm font-medium text-accent-ink hover:underline">
          {mend.label}
        </button>
      ) : null}
    </span>
  </p>
);
