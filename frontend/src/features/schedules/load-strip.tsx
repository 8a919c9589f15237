// How much starts in each hour, as bars: what was is solid, what comes is hollow.
import { plural } from "~/lib/format";
import { busiest } from "./calendar/entries";
import type { HourLoad } from "./contract";
import { clockIn, dayIn, momentIn } from "./zoned";

interface LoadStripProps {
  bars: readonly HourLoad[];
  zone: string;
  /** What stands before the bars; as wide as what stands there in the calendar below. */
  gutter?: number;
}

export function LoadStrip({ bars, zone, gutter = 0 }: LoadStripProps) {
  const most = busiest(bars);
  const peak = most ? most.past + most.upcoming : 1;
  const summary = most
    ? `Load by hour. The busiest is ${momentIn(most.at, zone)}, with ${plural(peak, "run")}.`
    : "Load by hour. Nothing runs in this time.";
  const height = (count: number) => `${(count / peak) * 100}%`;
  return (
    <div className="flex items-end" style={{ paddingLeft: gutter }}>
      <div role="img" aria-label={summary} className="flex h-12 min-w-0 flex-1 items-end" data-testid="load">
        {bars.map((bar, index) => (
          <span
            key={bar.at}
            title={`${dayIn(bar.at, zone)} ${clockIn(bar.at, zone)}: ${plural(bar.past + bar.upcoming, "run")}`}
            className={`flex h-full min-w-0 flex-1 flex-col justify-end px-[0.5px] hover:bg-hover ${
              index > 0 && clockIn(bar.at, zone) === "00:00" ? "border-line border-l" : ""
            }`}
          >
            {bar.upcoming > 0 ? (
              <span
                className="block min-h-[3px] rounded-t-[1px] border border-accent-ink border-b-0 bg-accent-soft max-sm:border-x-0"
                style={{ height: height(bar.upcoming) }}
              />
            ) : null}
            {bar.past > 0 ? (
              <span className="block min-h-[2px] rounded-t-[1px] bg-ink-3" style={{ height: height(bar.past) }} />
            ) : null}
          </span>
        ))}
      </div>
    </div>
  );
}
