// What ran and what will, on the clocks that the viewer chooses. Span, day and zone are in the address.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Segmented } from "~/components/ui/segmented";
import { Select } from "~/components/ui/select";
import { usePhone } from "~/lib/media";
import { LoadStrip } from "../load-strip";
import { calendarQuery, schedulesQuery } from "../requests";
import { dateIn, isZone, viewerZone } from "../zoned";
import { CalendarGrid, type Range } from "./calendar-grid";
import { type Entry, entriesOf, hoursOf, type Span, turned } from "./entries";
import { EntryPopover } from "./entry-popover";

/** How wide the hours stand before the days of a week. */
const GUTTER = 48;

export default function CalendarView() {
  const search = useSearch({ from: "/scheduler" });
  const navigate = useNavigate({ from: "/scheduler" });
  const phone = usePhone();
  const own = viewerZone();
  const zone = search.zone && isZone(search.zone) ? search.zone : own;
  const span: Span = search.span ?? "week";
  const on = search.on ?? dateIn(Date.now(), zone);
  const [range, setRange] = useState<Range | null>(null);
  const [open, setOpen] = useState<{ entry: Entry; anchor: HTMLElement } | null>(null);
  const { script } = search;
  const asked = { from: range?.from ?? "", to: range?.to ?? "", zone, script };
  const query = useQuery({ ...calendarQuery(asked), enabled: range !== null });
  const { data } = query;
  const entries = useMemo(() => (data ? entriesOf(data, zone, new Date()) : []), [data, zone]);
  const bars = useMemo(() => (data && range ? hoursOf(data.by_hour, range.from, range.to) : []), [data, range]);
  const go = (next: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const onRange = useCallback(
    (next: Range) => setRange((known) => (known?.from === next.from && known.to === next.to ? known : next)),
    [],
  );
  const onPress = (entry: Entry, anchor: HTMLElement, event: MouseEvent) => {
    const { item } = entry;
    if (item.kind !== "run") return setOpen({ entry, anchor });
    // A link that is asked for a tab of its own goes its own way.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({ to: "/runs/$runId", params: { runId: item.run_id } });
  };
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Button size="sm" onClick={() => go({ on: undefined })}>
          Today
        </Button>
        <IconButton label="Earlier" onClick={() => go({ on: turned(on, span, -1) })}>
          <ChevronLeft />
        </IconButton>
        <IconButton label="Later" onClick={() => go({ on: turned(on, span, 1) })}>
          <ChevronRight />
        </IconButton>
        <h2 className="font-semibold text-lg max-sm:text-base" aria-live="polite">
          {range?.title}
        </h2>
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <ScriptSelect script={script} onChange={(next) => go({ script: next })} />
          <ZoneSelect zone={zone} onChange={(next) => go({ zone: next === own ? undefined : next })} />
          <Segmented<Span>
            label="Span"
            value={span}
            onChange={(next) => go({ span: next === "week" ? undefined : next })}
            options={[
              { value: "month", label: "Month" },
              { value: "week", label: "Week" },
              { value: "day", label: "Day" },
            ]}
          />
        </div>
      </div>
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="mb-3" /> : null}
      {data?.truncated ? (
        <p className="mb-3 rounded-md border border-skip/45 bg-skip/8 px-4 py-2 text-sm">
          There is more than can be shown at once. Choose a shorter span to see all of it.
        </p>
      ) : null}
      {span === "month" ? null : <LoadStrip bars={bars} zone={zone} gutter={phone ? 0 : GUTTER} />}
      <CalendarGrid
        span={span}
        on={on}
        zone={zone}
        rows={phone}
        entries={entries}
        onRange={onRange}
        onPress={onPress}
      />
      <p className="mt-2 text-ink-3 text-xs">
        What comes is hollow; what fires more than now and then has one band a day. The strip shows how much starts in
        each hour.
      </p>
      {open ? <EntryPopover {...open} zone={zone} onClose={() => setOpen(null)} /> : null}
    </>
  );
}

function useSchedulesThereAre() {
  const { data } = useInfiniteQuery(schedulesQuery());
  return data?.pages.flatMap((page) => page.items) ?? [];
}

const ALL = "all";

interface ScriptSelectProps {
  script: string | undefined;
  onChange: (script: string | undefined) => void;
}

/** Of the scripts that have schedules. */
function ScriptSelect({ script, onChange }: ScriptSelectProps) {
  const names = new Map(useSchedulesThereAre().map((schedule) => [schedule.script_id, schedule.script_name]));
  if (script && !names.has(script)) names.set(script, "One script");
  const scripts = [...names].map(([value, label]) => ({ value, label }));
  return (
    <Select
      label="Script"
      className="max-w-60"
      value={script ?? ALL}
      onChange={(next) => onChange(next === ALL ? undefined : next)}
      options={[
        { value: ALL, label: "All scripts" },
        ...scripts.sort((one, other) => one.label.localeCompare(other.label)),
      ]}
    />
  );
}

/** The viewer's clocks, UTC, or those of any schedule there is. */
function ZoneSelect({ zone, onChange }: { zone: string; onChange: (zone: string) => void }) {
  const own = viewerZone();
  const schedules = useSchedulesThereAre();
  const others = schedules.flatMap(({ when }) => (when.kind === "cron" ? [when.zone] : []));
  const zones = [...new Set([own, "UTC", ...others.sort(), zone])];
  return (
    <Select
      label="Clocks"
      className="max-w-60"
      value={zone}
      onChange={onChange}
      options={zones.map((each) => ({ value: each, label: each === own ? `${each} (yours)` : each }))}
    />
  );
}
