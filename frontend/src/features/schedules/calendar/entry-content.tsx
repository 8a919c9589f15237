// One entry in one line: shape, time, what. Never by colour alone. Where there is little room its place tells the time.
import { Circle, Clock, Rows3 } from "lucide-react";
import { StateMark } from "~/components/ui/state-mark";
import { type Entry, runMark } from "./entries";

export function EntryContent({ entry, time }: { entry: Entry; time: string }) {
  return (
    <span className="@container block w-full min-w-0">
      <span className="flex min-w-0 items-center gap-1.5 px-1 py-px text-xs">
        <Shape entry={entry} />
        {time && !entry.allDay ? (
          <span className="num sr-only @[7rem]:not-sr-only shrink-0 text-ink-2">{time}</span>
        ) : null}
        <span className="truncate-line min-w-0">
          <Words entry={entry} />
        </span>
      </span>
    </span>
  );
}

function Shape({ entry: { item } }: { entry: Entry }) {
  switch (item.kind) {
    case "run":
      return <StateMark mark={runMark(item)} size={11} />;
    case "upcoming":
      return <Circle role="img" aria-label="To come" className="size-[11px] shrink-0 text-accent-ink" />;
    case "band":
      return <Rows3 aria-hidden className="size-3 shrink-0 text-ink-3" />;
    case "change":
      return <Clock aria-hidden className="size-3 shrink-0 text-skip" />;
  }
}

function Words({ entry: { item, title } }: { entry: Entry }) {
  if (item.kind === "upcoming")
    return (
      <>
        {title}
        {item.name ? <span className="text-ink-3"> · {item.name}</span> : null}
      </>
    );
  if (item.kind !== "band") return title;
  return (
    <>
      <span className="font-medium">{item.script_name}</span> {item.description} ·{" "}
      <span className="num">{item.count} ×</span>
      {item.past?.failed ? <span className="text-fail"> · {item.past.failed} failed</span> : null}
    </>
  );
}
