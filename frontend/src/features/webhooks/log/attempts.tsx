// Every attempt: when, how long, what the receiver answered and said. What it said is text and stays text.
import { CircleCheck, Clock, TriangleAlert } from "lucide-react";
import { TextBlock } from "~/components/ui/text-block";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { formatDuration } from "~/lib/format";
import type { Delivery } from "../contract";
import { isOpen } from "../requests";
import { attemptInWords, remedyOf, wasTaken } from "../words";

export function Attempts({ delivery }: { delivery: Delivery }) {
  const { attempts, next_attempt_at } = delivery;
  const last = attempts.at(-1);
  const remedy = last && !wasTaken(last) ? remedyOf(last) : null;
  if (attempts.length === 0 && !next_attempt_at) return <p className="text-ink-3">It was not tried.</p>;
  return (
    <>
      <ol className="relative flex flex-col gap-2 before:absolute before:top-2 before:bottom-2 before:left-[6.5px] before:w-px before:bg-line-strong">
        {attempts.map((attempt, index) => {
          const taken = wasTaken(attempt);
          const Icon = taken ? CircleCheck : TriangleAlert;
          return (
            <li key={attempt.at} className="relative flex gap-2.5">
              <Icon aria-hidden className={cn("mt-0.5 size-3.5 shrink-0 bg-panel", taken ? "text-ok" : "text-fail")} />
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap gap-x-2">
                  <span className="[overflow-wrap:anywhere]">{attemptInWords(attempt)}</span>
                  <span className="text-ink-3">
                    after <span className="num">{formatDuration(attempt.duration_ms)}</span> ·{" "}
                    <RelativeTime at={attempt.at} />
                  </span>
                </p>
                {attempt.response_excerpt ? (
                  <div className="mt-1">
                    <TextBlock label={`Answer to attempt ${index + 1}`} className="max-h-40 text-ink-2">
                      {attempt.response_excerpt}
                    </TextBlock>
                  </div>
                ) : null}
              </div>
            </li>
          );
        })}
        {next_attempt_at && isOpen(delivery.state) ? (
          <li className="relative flex gap-2.5">
            <Clock aria-hidden className="mt-0.5 size-3.5 shrink-0 bg-panel text-queue" />
            <p className="text-ink-2">
              Next attempt <RelativeTime at={next_attempt_at} />
            </p>
          </li>
        ) : null}
      </ol>
      {remedy && !isOpen(delivery.state) ? <p className="mt-2 text-ink-2">{remedy}</p> : null}
    </>
  );
}
