// The one drawing of a state: a colour and a shape, and the word for those who see neither. Everywhere a run's state
// is shown, it is shown by this.
import type { ReactNode } from "react";
import type { OutcomeKind, Run } from "~/api/types";
import { cn } from "~/lib/cn";

export type Mark = OutcomeKind | "queued" | "starting" | "running" | "stopping" | "collecting" | "none";

interface Look {
  word: string;
  /** Text colour class; the shape is drawn in it. */
  tone: string;
  shape: ReactNode;
  turns?: boolean;
}

const TRIANGLE = "M7 1.6 13 12.2H1Z";
const triangle = (letter?: string) => (
  <>
    <path d={TRIANGLE} fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
    {letter ? (
      <text
        x="7"
        y="11.2"
        textAnchor="middle"
        fontSize="7.5"
        fontWeight="800"
        fill="var(--panel)"
        fontFamily="var(--font-sans)"
      >
        {letter}
      </text>
    ) : null}
  </>
);
const ring = <circle cx="7" cy="7" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" />;
const half = (
  <>
    {ring}
    <path d="M7 1.75a5.25 5.25 0 0 1 0 10.5Z" fill="currentColor" />
  </>
);
const dashed = (
  <circle cx="7" cy="7" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.06 2.06" />
);
const square = (filled: boolean) => (
  <rect
    x="2"
    y="2"
    width="10"
    height="10"
    rx="1.5"
    fill={filled ? "currentColor" : "none"}
    stroke="currentColor"
    strokeWidth="1.5"
  />
);
const bang = <path d="M7 4.4v3.2M7 9.4v.3" stroke="var(--panel)" strokeWidth="1.6" strokeLinecap="round" />;

const LOOKS: Record<Mark, Look> = {
  succeeded: { word: "Succeeded", tone: "text-ok", shape: <circle cx="7" cy="7" r="5.5" fill="currentColor" /> },
  failed: { word: "Failed", tone: "text-fail", shape: triangle() },
  signalled: { word: "Killed by a signal", tone: "text-fail", shape: triangle("!") },
  out_of_memory: { word: "Out of memory", tone: "text-fail", shape: triangle("M") },
  timed_out: {
    word: "Timed out",
    tone: "text-fail",
    shape: (
      <>
        {ring}
        <path d="M7 7V1.75A5.25 5.25 0 0 1 12.25 7Z" fill="currentColor" />
      </>
    ),
  },
  cancelled: {
    word: "Cancelled",
    tone: "text-cancel",
    shape: (
      <>
        {ring}
        <path d="m3.4 3.4 7.2 7.2" stroke="currentColor" strokeWidth="1.5" />
      </>
    ),
  },
  skipped: {
    word: "Skipped",
    tone: "text-skip",
    shape: (
      <path
        d="M7 1.4 12.6 7 7 12.6 1.4 7Z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinejoin="round"
      />
    ),
  },
  environment_failed: { word: "Environment failed", tone: "text-fail", shape: square(false) },
  engine_error: {
    word: "Engine error",
    tone: "text-fail",
    shape: (
      <>
        {square(true)}
        {bang}
      </>
    ),
  },
  lost: {
    word: "Lost",
    tone: "text-lost",
    shape: (
      <text
        x="7"
        y="12"
        textAnchor="middle"
        fontSize="14"
        fontWeight="700"
        fill="currentColor"
        fontFamily="var(--font-sans)"
      >
        ?
      </text>
    ),
  },
  queued: { word: "Queued", tone: "text-queue", shape: dashed },
  starting: { word: "Starting", tone: "text-run", shape: dashed, turns: true },
  running: { word: "Running", tone: "text-run", shape: half, turns: true },
  stopping: { word: "Stopping", tone: "text-cancel", shape: half, turns: true },
  collecting: { word: "Collecting", tone: "text-run", shape: ring },
  none: { word: "Never run", tone: "text-ink-3", shape: <path d="M3.5 7h7" stroke="currentColor" strokeWidth="1.5" /> },
};

export const markOf = (run: Pick<Run, "state" | "outcome"> | null | undefined): Mark => {
  if (!run) return "none";
  if (run.state !== "finished") return run.state;
  return run.outcome?.kind ?? "lost";
};

export const markWord = (mark: Mark): string => LOOKS[mark].word;
export const markTone = (mark: Mark): string => LOOKS[mark].tone;

interface StateMarkProps {
  mark: Mark;
  /** Shows the word beside the shape instead of only saying it. */
  word?: boolean;
  size?: number;
  className?: string;
}

export function StateMark({ mark, word, size = 14, className }: StateMarkProps) {
  const look = LOOKS[mark];
  return (
    <span className={cn("inline-flex shrink-0 items-center gap-1.5 align-middle", className)}>
      <svg
        aria-hidden
        width={size}
        height={size}
        viewBox="0 0 14 14"
        className={cn("shrink-0", look.tone, look.turns && "animate-turn")}
      >
        {look.shape}
      </svg>
      <span className={word ? "whitespace-nowrap" : "sr-only"}>{look.word}</span>
    </span>
  );
}
