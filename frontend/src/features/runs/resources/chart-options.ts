// What a chart over a run's time looks like, in uPlot's terms: colours from the page's tokens, a shared cursor, the
// limit as a dashed line, the peak as a dot with its number.
import uPlot from "uplot";
import { formatAxisTime } from "./samples";

export interface ChartLook {
  /** Charts with the same key share their cursor. */
  syncKey: string;
  height: number;
  /** A token: "--run". */
  tone: string;
  format: (value: number) => string;
  /** Distances between lines that make round numbers, smallest first. */
  steps: readonly number[];
  /** The limit and what stands on its line. */
  limit?: { value: number; words: string } | undefined;
  markPeak: boolean;
  /** A value holds until the next one. */
  stepped: boolean;
}

const SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const FONT = '12px "JetBrains Mono Variable", ui-monospace, monospace';
/** Room for the numbers, the same in all, so that their times stand below each other. */
const AXIS = 72;

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const faded = (colour: string, alpha: number) => colour.replace(/\)$/, ` / ${alpha})`);

export function chartOptions(look: ChartLook, onCursor: (index: number | null) => void): Omit<uPlot.Options, "width"> {
  const ink = token("--ink-3");
  const line = token("--line");
  const tone = token(look.tone);
  const axis = { stroke: ink, font: FONT, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    height: look.height,
    padding: [14, 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: look.syncKey, setSeries: false },
      drag: { x: false, y: false },
      points: { size: 6, fill: tone },
      y: false,
    },
    scales: {
      x: { time: false, range: (_chart, _min, max) => [0, Math.max(max ?? 0, 0.5)] },
      y: { range: (_chart, _min, max) => [0, Math.max(max ?? 0, look.limit?.value ?? 0, look.steps[0] ?? 1) * 1.08] },
    },
    axes: [
      { ...axis, incrs: SECONDS, space: 72, size: 24, values: (_chart, splits) => splits.map(formatAxisTime) },
      {
        ...axis,
        incrs: [...look.steps],
        space: 32,
        size: AXIS,
        values: (_chart, splits) => splits.map((value) => look.format(value)),
      },
    ],
    series: [
      {},
      {
        stroke: tone,
        fill: faded(tone, 0.12),
        width: 1.5,
        // Nothing would be seen of a line of one point.
        points: { show: (chart) => chart.data[0].length === 1, size: 5, fill: tone },
        ...(look.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      },
    ],
    hooks: {
      setCursor: [(chart) => onCursor(chart.cursor.idx ?? null)],
      draw: [
        (chart) => {
          if (look.limit) drawLimit(chart, look.limit);
          if (look.markPeak) drawPeak(chart, tone, look.format);
        },
      ],
    },
  };
}

function drawLimit(chart: uPlot, limit: { value: number; words: string }) {
  const { ctx, bbox } = chart;
  const y = Math.round(chart.valToPos(limit.value, "y", true));
  ctx.save();
  ctx.strokeStyle = token("--fail");
  ctx.fillStyle = token("--fail");
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([5 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  write(chart, limit.words, bbox.left + bbox.width, y - 4 * uPlot.pxRatio, "right");
  ctx.restore();
}

function drawPeak(chart: uPlot, tone: string, format: (value: number) => string) {
  const [xs, ys] = chart.data as [number[], (number | null)[]];
  let at = -1;
  for (let index = 0; index < ys.length; index++) if ((ys[index] ?? -1) > (ys[at] ?? -1)) at = index;
  const peak = ys[at];
  if (peak == null) return;
  const { ctx, bbox } = chart;
  const x = chart.valToPos(xs[at] ?? 0, "x", true);
  const y = chart.valToPos(peak, "y", true);
  ctx.save();
  ctx.fillStyle = tone;
  ctx.beginPath();
  ctx.arc(x, y, 3.5 * uPlot.pxRatio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.fillStyle = token("--ink");
  const left = x > bbox.left + bbox.width / 2;
  write(
    chart,
    `peak ${format(peak)}`,
    x + (left ? -8 : 8) * uPlot.pxRatio,
    y - 6 * uPlot.pxRatio,
    left ? "right" : "left",
  );
  ctx.restore();
}

function write({ ctx }: uPlot, text: string, x: number, y: number, align: CanvasTextAlign) {
  ctx.font = FONT.replace("12px", `${11 * uPlot.pxRatio}px`);
  ctx.textAlign = align;
  ctx.textBaseline = "bottom";
  ctx.fillText(text, x, y);
}
