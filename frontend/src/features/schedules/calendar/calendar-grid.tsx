// The library's calendar, told what to show; it tells which range that is and what was pressed.
import FullCalendar, { type EventClickInfo, type EventDisplayInfo } from "@fullcalendar/react";
import dayGrid from "@fullcalendar/react/daygrid";
import list from "@fullcalendar/react/list";
import english from "@fullcalendar/react/locales/en-gb";
import theme from "@fullcalendar/react/themes/classic";
import timeGrid from "@fullcalendar/react/timegrid";
import "@fullcalendar/react/skeleton.css";
import "@fullcalendar/react/themes/classic/theme.css";
import "./calendar.css";
import { useMemo } from "react";
import { cn } from "~/lib/cn";
import type { Entry, Span } from "./entries";
import { EntryContent } from "./entry-content";

export interface Range {
  from: string;
  to: string;
  title: string;
}

interface CalendarGridProps {
  span: Span;
  /** A day within what is shown. */
  on: string;
  zone: string;
  /** Rows instead of a grid, for narrow windows. */
  rows: boolean;
  entries: readonly Entry[];
  onRange: (range: Range) => void;
  onPress: (entry: Entry, element: HTMLElement, event: MouseEvent) => void;
}

const GRIDS: Record<Span, string> = { day: "timeGridDay", week: "timeGridWeek", month: "dayGridMonth" };
const ROWS: Record<Span, string> = { day: "listDay", week: "listWeek", month: "listMonth" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const TITLES = {
  day: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  week: { day: "numeric", month: "short", year: "numeric" },
  month: { month: "long", year: "numeric" },
} as const;
const PLUGINS = [theme, dayGrid, timeGrid, list];

const entryIn = (info: { event: { extendedProps: Record<string, unknown> } }) =>
  info.event.extendedProps.entry as Entry;

export function CalendarGrid({ span, on, zone, rows, entries, onRange, onPress }: CalendarGridProps) {
  const view = (rows ? ROWS : GRIDS)[span];
  const events = useMemo(
    () =>
      entries.map((entry) => ({
        id: entry.id,
        title: entry.title,
        start: entry.start,
        ...(entry.end ? { end: entry.end } : {}),
        allDay: entry.allDay,
        // A run has a page of its own and is a link; the others open beside themselves.
        ...(entry.item.kind === "run" ? { url: `/runs/${entry.item.run_id}` } : {}),
        extendedProps: { entry },
      })),
    [entries],
  );
  return (
    <div className="calendar" data-testid="calendar">
      <FullCalendar
        // It keeps its own view and day once it is there; another one is another calendar.
        key={`${view} ${on}`}
        plugins={PLUGINS}
        initialView={view}
        initialDate={on}
        timeZone={zone}
        events={events}
        headerToolbar={false}
        locale={english}
        firstDay={1}
        titleFormat={TITLES[span]}
        height={rows ? "auto" : span === "month" ? "auto" : 720}
        dayMaxEvents={4}
        nowIndicator
        expandRows
        scrollTime="06:00"
        allDayText=""
        slotDuration="01:00"
        slotEventOverlap={false}
        eventMinHeight={20}
        eventShortHeight={20}
        eventMaxStack={span === "day" ? 5 : 2}
        eventInteractive
        displayEventEnd={false}
        eventDisplay="block"
        eventTimeFormat={CLOCK}
        slotHeaderFormat={CLOCK}
        dayHeaderFormat={span === "month" ? { weekday: "short" } : { weekday: "short", day: "numeric", month: "short" }}
        listDayFormat={{ weekday: "long", day: "numeric", month: "long" }}
        noEventsText="Nothing ran and nothing will in this time."
        slotHeaderInnerClass="calendar-axis"
        dayHeaderInnerClass="calendar-head"
        dayCellTopInnerClass="calendar-axis"
        listDayHeaderInnerClass={({ level }: { level: number }) => (level === 0 ? "calendar-head" : "calendar-none")}
        listItemEventBeforeClass="calendar-none"
        eventClass={(info: EventDisplayInfo) => cn("entry", `entry-${entryIn(info).look}`, rows && "entry-list")}
        eventContent={(info: EventDisplayInfo) => <EntryContent entry={entryIn(info)} time={info.timeText} />}
        datesSet={({ start, end, view: shown }: { start: Date; end: Date; view: { title: string } }) =>
          onRange({ from: start.toISOString(), to: end.toISOString(), title: shown.title })
        }
        eventClick={(info: EventClickInfo) => onPress(entryIn(info), info.el, info.jsEvent)}
      />
    </div>
  );
}
