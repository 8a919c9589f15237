// What came of a test, where it was asked for: whether the receiver took it, what it said, what to do if not. What it
// said is text and stays text.
import { CircleCheck, TriangleAlert, X } from "lucide-react";
import { IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { TextBlock } from "~/components/ui/text-block";
import { cn } from "~/lib/cn";
import { formatDuration } from "~/lib/format";
import type { Delivery } from "./contract";
import { attemptInWords, remedyOf, wasTaken } from "./words";

const sentence = (text: string): string => text.replace(/[.\s]+$/, "");

interface TestAnswerProps {
  delivery: Delivery | undefined;
  error: unknown;
  onDismiss: () => void;
}

export function TestAnswer({ delivery, error, onDismiss }: TestAnswerProps) {
  if (error) return <ErrorNotice error={error} unchanged="No test was sent." className="mt-2" />;
  const attempt = delivery?.attempts.at(-1);
  if (!delivery) return null;
  if (!attempt)
    return (
      <p role="status" className="mt-2 text-ink-3 text-sm">
        {delivery.state === "cancelled" ? "The test was not sent: the webhook is off." : "The test is on its way…"}
      </p>
    );
  const taken = wasTaken(attempt);
  const Icon = taken ? CircleCheck : TriangleAlert;
  const remedy = taken ? null : remedyOf(attempt);
  return (
    <div
      role="status"
      className={cn(
        "mt-2 flex gap-2.5 rounded-md border px-3 py-2 text-sm",
        taken ? "border-ok/40 bg-ok/6" : "border-fail/40 bg-fail/6",
      )}
    >
      <Icon aria-hidden className={cn("mt-0.5 size-3.5 shrink-0", taken ? "text-ok" : "text-fail")} />
      <div className="min-w-0 flex-1">
        <p className="[overflow-wrap:anywhere]">
          <span className="font-medium">{taken ? "The test arrived." : "The test did not arrive."}</span>{" "}
          <span className="text-ink-2">
            {attempt.status === null
              ? sentence(attempt.error ?? "No answer")
              : `The receiver ${attemptInWords(attempt)}`}{" "}
            after {formatDuration(attempt.duration_ms)}.
          </span>
        </p>
        {remedy ? <p className="mt-0.5 text-ink-2">{remedy}</p> : null}
        {attempt.response_excerpt ? (
          <div className="mt-1.5">
            <TextBlock label="What the receiver answered" className="max-h-32 text-ink-2">
              {attempt.response_excerpt}
            </TextBlock>
          </div>
        ) : null}
      </div>
      <IconButton dense label="Dismiss" onClick={onDismiss}>
        <X />
      </IconButton>
    </div>
  );
}
