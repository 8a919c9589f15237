// One chart over a run's time. Grows as samples come, follows the width it is given and the theme. For eyes only: its
// summary is its accessible name, and the numbers are in the table below the charts.
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "~/lib/store";
import { theme } from "~/lib/theme";
import { type ChartLook, chartOptions } from "./chart-options";
import { formatAxisTime } from "./samples";

interface TimeChartProps {
  title: string;
  /** Said instead of the picture. */
  summary: string;
  look: ChartLook;
  /** Seconds, and a value for each. */
  xs: readonly number[];
  ys: readonly (number | null)[];
}

export function TimeChart({ title, summary, look, xs, ys }: TimeChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const current = useStore(theme);
  const data = useRef<uPlot.AlignedData>([[], []]);
  data.current = [xs as number[], ys as (number | null)[]];
  const latest = useRef(look);
  latest.current = look;
  const limit = look.limit?.value;

  // Colours are drawn into the canvas, so another theme needs another chart; so does another limit.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const options = { ...chartOptions(latest.current, setAt), width: element.clientWidth };
    const made = new uPlot(options, data.current, element);
    chart.current = made;
    const watch = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: latest.current.height });
    });
    watch.observe(element);
    // The canvas measured a stand-in if the font was not there yet.
    void document.fonts.ready.then(() => chart.current === made && made.redraw(false, true));
    return () => {
      watch.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [current, limit]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the lists are made anew exactly when there is more to draw.
  useEffect(() => chart.current?.setData(data.current), [xs, ys]);

  const value = at === null ? null : ys[at];
  return (
    <figure className="px-4 pt-3 pb-1">
      <figcaption className="flex items-baseline justify-between gap-4 text-sm">
        <span className="font-medium">{title}</span>
        <span aria-hidden className="num h-5 text-ink-2">
          {at !== null && value != null ? `${formatAxisTime(xs[at] ?? 0)} · ${look.format(value)}` : ""}
        </span>
      </figcaption>
      <div
        ref={host}
        role="img"
        aria-label={summary}
        style={{ height: look.height }}
        className="w-full overflow-hidden"
      />
    </figure>
  );
}
