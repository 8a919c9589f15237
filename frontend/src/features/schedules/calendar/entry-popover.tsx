// What an entry that is no run has to say, beside the place where it was clicked.
import { Link } from "@tanstack/react-router";
import { Popover } from "radix-ui";
import type { ReactNode } from "react";
import { type Mark, StateMark } from "~/components/ui/state-mark";
import { RelativeTime } from "~/components/ui/time";
import { plural } from "~/lib/format";
import type { CalendarBand, CalendarUpcoming } from "../contract";
import { markWord } from "../words";
import { clockIn, momentIn } from "../zoned";
import type { Entry } from "./entries";

interface EntryPopoverProps {
  entry: Entry;
  anchor: HTMLElement;
  zone: string;
  onClose: () => void;
}

export function EntryPopover({ entry: { item, title }, anchor, zone, onClose }: EntryPopoverProps) {
  return (
    <Popover.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Popover.Anchor virtualRef={{ current: anchor }} />
      <Popover.Portal>
        <Popover.Content
          sideOffset={6}
          collisionPadding={8}
          aria-label={title}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            anchor.focus();
          }}
          className="z-30 w-72 animate-rise rounded-md border border-line bg-raised p-3 text-sm shadow-float outline-none"
        >
          {item.kind === "band" ? <Band band={item} zone={zone} /> : null}
          {item.kind === "upcoming" ? <Upcoming fire={item} zone={zone} /> : null}
          {item.kind === "change" ? (
            <>
              <p className="font-medium">{item.note}</p>
              <p className="text-ink-2">
                <span className="num">{momentIn(item.at, zone)}</span> ({zone}), for schedules in {item.zone}. A time
                that the clocks skip fires right after; one that comes twice fires once.
              </p>
            </>
          ) : null}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const PAST: readonly [keyof NonNullable<CalendarBand["past"]>, Mark][] = [
  ["succeeded", "succeeded"],
  ["failed", "failed"],
  ["skipped", "skipped"],
  ["other", "cancelled"],
];

function Band({ band, zone }: { band: CalendarBand; zone: string }) {
  return (
    <>
      <p className="font-medium">{band.name || band.script_name}</p>
      <p className="text-ink-2">
        {band.description}, {plural(band.count, "time")} from <span className="num">{clockIn(band.from, zone)}</span> to{" "}
        <span className="num">{clockIn(band.to, zone)}</span>
      </p>
      {band.past ? (
        <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1">
          {PAST.filter(([key]) => (band.past?.[key] ?? 0) > 0).map(([key, mark]) => (
            <li key={key} className="flex items-center gap-1.5">
              <StateMark mark={mark} /> <span className="num">{band.past?.[key]}</span> {key}
            </li>
          ))}
        </ul>
      ) : null}
      <Links scheduleId={band.schedule_id}>
        <Link to="/runs" search={{ script: band.script_id }} className={LINK}>
          Runs of the script
        </Link>
      </Links>
    </>
  );
}

function Upcoming({ fire, zone }: { fire: CalendarUpcoming; zone: string }) {
  const mark = markWord(fire.mark);
  return (
    <>
      <p className="font-medium">{fire.script_name}</p>
      {fire.name ? <p className="text-ink-2">{fire.name}</p> : null}
      <p className="text-ink-2">
        <span className="num">{momentIn(fire.at, zone)}</span> ({zone}), <RelativeTime at={fire.at} />
      </p>
      {mark ? <p className="text-skip">{mark}</p> : null}
      <Links scheduleId={fire.schedule_id}>
        <Link to="/scripts/$scriptId/code" params={{ scriptId: fire.script_id }} className={LINK}>
          Open the script
        </Link>
      </Links>
    </>
  );
}

const LINK = "rounded-sm text-accent-ink hover:underline";

const Links = ({ scheduleId, children }: { scheduleId: string | null | undefined; children: ReactNode }) => (
  <p className="mt-2.5 flex gap-4 border-line border-t pt-2">
    {scheduleId ? (
      <Link to="/scheduler" search={(before) => ({ ...before, schedule: scheduleId })} className={LINK}>
        Edit the schedule
      </Link>
    ) : null}
    {children}
  </p>
);
