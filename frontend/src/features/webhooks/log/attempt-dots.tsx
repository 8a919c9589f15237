// The attempts of a delivery as a row of dots, the oldest first: taken, or not, and one to come. Said in words beside it.
import { cn } from "~/lib/cn";
import type { Delivery } from "../contract";
import { isOpen } from "../requests";
import { wasTaken } from "../words";

/** More are not told apart any more. */
const MOST = 8;

export function AttemptDots({ delivery }: { delivery: Delivery }) {
  const { attempts } = delivery;
  if (attempts.length === 0) return null;
  const shown = attempts.slice(-MOST);
  return (
    <span aria-hidden className="inline-flex items-center">
      {shown.map((attempt, index) => (
        <span key={attempt.at} className="inline-flex items-center">
          {index > 0 ? <span className="h-px w-1.5 bg-line-strong" /> : null}
          <span className={cn("size-2", wasTaken(attempt) ? "rounded-full bg-ok" : "rotate-45 bg-fail")} />
        </span>
      ))}
      {isOpen(delivery.state) ? (
        <>
          <span className="h-px w-1.5 bg-line-strong" />
          <span className="size-2 rounded-full border border-queue" />
        </>
      ) : null}
    </span>
  );
}
