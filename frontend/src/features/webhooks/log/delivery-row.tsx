// One message: how it stands, of what, when; opened, every attempt with its answer, and what was sent.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, RotateCcw } from "lucide-react";
import { type ReactNode, useId } from "react";
import { runQuery } from "~/api/queries";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Skeleton } from "~/components/ui/panel";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import type { Delivery } from "../contract";
import { DeliveryMark } from "../delivery-state";
import { eventName } from "../formats";
import { deliveryQuery, isOpen } from "../requests";
import { useReplay } from "../use-webhooks";
import { attemptInWords, attemptsInWords, STATE_WORDS } from "../words";
import { AttemptDots } from "./attempt-dots";
import { Attempts } from "./attempts";
import { SentText } from "./sent-text";

interface DeliveryRowProps {
  id: string;
  /** As the list knows it; read by itself where the list does not. */
  listed?: Delivery;
  open: boolean;
  onToggle: () => void;
}

export function DeliveryRow({ id, listed, open, onToggle }: DeliveryRowProps) {
  const whole = useQuery({ ...deliveryQuery(id), enabled: open });
  const delivery = newer(listed, whole.data);
  const body = useId();
  if (!delivery)
    return (
      <li className="border-line border-b px-4 py-3">
        {whole.error ? <ErrorNotice error={whole.error} /> : <Skeleton className="h-4 w-1/2" />}
      </li>
    );
  return (
    <li className="border-line border-b last:border-b-0" data-delivery={id}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={body}
        onClick={onToggle}
        className="grid w-full grid-cols-[auto_7.5rem_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2.5 text-left text-sm outline-offset-[-2px] hover:bg-hover max-sm:grid-cols-[auto_minmax(0,1fr)_auto]"
      >
        <ChevronRight
          aria-hidden
          className={cn("size-4 text-ink-3 transition-transform duration-100", open && "rotate-90")}
        />
        <DeliveryMark state={delivery.state} />
        <span className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-0.5 text-ink-2 max-sm:order-last max-sm:col-span-2 max-sm:col-start-2">
          <span className="font-medium text-ink">{eventName(delivery.event)}</span>
          <AttemptDots delivery={delivery} />
          <Short delivery={delivery} />
        </span>
        <span className="text-ink-3">
          <RelativeTime at={delivery.created_at} />
        </span>
      </button>
      <div id={body} hidden={!open}>
        {open ? <Opened delivery={delivery} /> : null}
      </div>
    </li>
  );
}

/** Two answers tell of one delivery, in no agreed order: the one with more attempts is the later. */
function newer(one: Delivery | undefined, other: Delivery | undefined): Delivery | undefined {
  if (!one || !other) return one ?? other;
  if (one.attempts.length > other.attempts.length) return { ...one, request: one.request ?? other.request };
  return isOpen(other.state) && !isOpen(one.state) ? { ...one, request: one.request ?? other.request } : other;
}

function Short({ delivery }: { delivery: Delivery }) {
  const last = delivery.attempts.at(-1);
  const words = [
    last ? attemptInWords(last) : delivery.state === "pending" ? "not tried yet" : null,
    delivery.attempts.length > 1 ? attemptsInWords(delivery) : null,
  ].filter(Boolean);
  return (
    <span className="truncate-line min-w-0 text-ink-3">
      {words.join(" · ")}
      {delivery.next_attempt_at && isOpen(delivery.state) ? (
        <>
          {words.length > 0 ? " · " : ""}
          next <RelativeTime at={delivery.next_attempt_at} />
        </>
      ) : null}
    </span>
  );
}

function Opened({ delivery }: { delivery: Delivery }) {
  const replay = useReplay();
  const { request } = delivery;
  return (
    <div className="flex flex-col gap-4 border-line border-t bg-sunken/50 px-4 py-3 text-sm sm:pl-11">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-0 flex-1 basis-60 text-ink-2">
          {STATE_WORDS[delivery.state].means}
          {delivery.run_id ? <AboutRun runId={delivery.run_id} /> : null}
        </p>
        {isOpen(delivery.state) ? null : (
          <Button size="sm" busy={replay.isPending} onClick={() => replay.mutate(delivery)}>
            <RotateCcw aria-hidden /> Send again
          </Button>
        )}
      </div>
      <Section title="Attempts">
        <Attempts delivery={delivery} />
      </Section>
      <Section title={delivery.attempts.length > 0 ? "What was sent" : "What will be sent"}>
        {request ? (
          <SentText
            label="Request"
            line={`${request.method} ${request.url_shown}`}
            headers={request.headers}
            body={request.body}
          />
        ) : (
          <Skeleton className="h-28" />
        )}
      </Section>
    </div>
  );
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <section aria-label={title} className="min-w-0">
    <h3 className="mb-1.5 font-medium">{title}</h3>
    {children}
  </section>
);

function AboutRun({ runId }: { runId: string }) {
  const { data } = useQuery({ ...runQuery(runId), retry: false });
  if (!data) return null;
  return (
    <span className="ml-2 inline-flex items-center gap-1.5">
      <StateMark mark={markOf(data)} />
      <Link to="/runs/$runId" params={{ runId }} className="rounded-sm text-accent-ink hover:underline">
        Run {data.number} of {data.script_name}
      </Link>
    </span>
  );
}
