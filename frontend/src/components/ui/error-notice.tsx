// What happened, what was not changed, what to do next. Used for every refusal; the server's own sentence is shown,
// with the request's id to find it in the server's log.
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { cn } from "~/lib/cn";
import { errorText } from "~/lib/format";
import { Button } from "./button";

interface ErrorNoticeProps {
  error: unknown;
  /** "The file was not saved." */
  unchanged?: ReactNode;
  onRetry?: () => void;
  className?: string;
}

/** The next step, where the kind of refusal tells one. */
export function nextStep(error: unknown): string | null {
  if (!(error instanceof ApiError)) return null;
  if (error.code === "unreachable") return "Check that PyTask-Manager is running, then try again.";
  if (error.status === 404) return "It may have been deleted. Go back to the list and look there.";
  if (error.status === 409) return "Read the current state and decide again.";
  if (error.status === 503) return "The Docker engine is away. Try again when it answers.";
  if (error.status >= 500) return "Try again; if it stays, look for the request in the server's log.";
  return null;
}

export function ErrorNotice({ error, unchanged, onRetry, className }: ErrorNoticeProps) {
  const step = nextStep(error);
  return (
    <div
      role="alert"
      className={cn("flex gap-3 rounded-md border border-fail/40 bg-fail/6 px-4 py-3 text-sm", className)}
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-fail" />
      <div className="min-w-0 flex-1">
        <p className="break-words font-medium text-ink">{errorText(error)}</p>
        {unchanged || step ? (
          <p className="mt-0.5 text-ink-2">
            {unchanged} {step}
          </p>
        ) : null}
        {error instanceof ApiError && error.requestId ? (
          <p className="mt-1 text-ink-3 text-xs">
            <span className="num">{error.code}</span> · request <span className="num">{error.requestId}</span>
          </p>
        ) : null}
      </div>
      {onRetry ? (
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}

/** The same for an act that has no place of its own on the page. */
export function toastError(error: unknown, unchanged: string) {
  toast.error(errorText(error), { description: [unchanged, nextStep(error)].filter(Boolean).join(" ") });
}
