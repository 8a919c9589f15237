// The state of a script's environment in a word, and why on hover.
import { Link } from "@tanstack/react-router";
import type { EnvironmentStatus } from "~/api/types";
import { Tooltip } from "~/components/ui/tooltip";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";

type State = EnvironmentStatus["state"];

const STATES: Record<State, { word: string; tone: string; why: string }> = {
  not_needed: {
    word: "no packages",
    tone: "text-ink-3",
    why: "It asks for no packages, so it runs on the standard library alone.",
  },
  missing: { word: "not installed", tone: "text-skip", why: "Its packages were never installed." },
  in_step: { word: "in step", tone: "text-ok", why: "What is installed is what is asked for." },
  needs_install: { word: "needs install", tone: "text-skip", why: "What is asked for changed since the last install." },
  building: {
    word: "installing",
    tone: "text-run",
    why: "Packages are being installed; runs use the old environment meanwhile.",
  },
  failed: {
    word: "install failed",
    tone: "text-fail",
    why: "The last install failed; the environment before it stays in use.",
  },
  broken: {
    word: "broken",
    tone: "text-fail",
    why: "Files of what is installed are missing or were changed; rebuild it.",
  },
};

export const environmentStateWord = (state: State): string => STATES[state].word;
export const environmentWord = (state: State): string => STATES[state].word;
export const environmentWhy = (status: EnvironmentStatus): string => status.message ?? STATES[status.state].why;

const SHAPES: Record<State, string> = {
  not_needed: "M2 5h6",
  missing: "M5 1.5v7M1.5 5h7",
  in_step: "m1.5 5.4 2.4 2.4 4.6-5.6",
  needs_install: "M5 1v8M5 9 2 6M5 9l3-3",
  building: "M5 1.2A3.8 3.8 0 1 1 1.2 5",
  failed: "m2 2 6 6M8 2 2 8",
  broken: "M6 1 4 4.5h2.5L4 9",
};

export function EnvironmentMark({ status, count }: { status: EnvironmentStatus; count?: boolean }) {
  const { word, tone } = STATES[status.state];
  return (
    <span className={cn("inline-flex items-center gap-1.5 whitespace-nowrap", tone)}>
      <svg
        aria-hidden
        viewBox="0 0 10 10"
        className={cn("size-2.5", status.state === "building" && "animate-turn")}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d={SHAPES[status.state]} />
      </svg>
      <span>{count && status.state === "in_step" ? plural(status.packages, "package") : word}</span>
    </span>
  );
}

export function EnvironmentBadge({ scriptId, status }: { scriptId: string; status: EnvironmentStatus }) {
  return (
    <Tooltip content={environmentWhy(status)}>
      <Link
        to="/scripts/$scriptId/dependencies"
        params={{ scriptId }}
        className="relative z-10 rounded-sm text-sm hover:underline"
      >
        <EnvironmentMark status={status} count />
      </Link>
    </Tooltip>
  );
}
