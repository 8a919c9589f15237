// What floats over a list while runs are chosen to be compared: two of one script.
import { Link } from "@tanstack/react-router";
import type { Run } from "~/api/types";
import { Button, buttonClass } from "~/components/ui/button";
import { markOf, StateMark } from "~/components/ui/state-mark";

export function CompareBar({ chosen, onClear }: { chosen: readonly Run[]; onClear: () => void }) {
  const [a, b] = inOrder(chosen);
  if (!a) return null;
  const apart = b !== undefined && a.script_id !== b.script_id;
  return (
    <div
      role="status"
      className="sticky bottom-4 z-20 mx-auto mt-3 flex w-fit max-w-full animate-rise flex-wrap items-center gap-x-4 gap-y-2 rounded-md border border-line bg-raised px-3 py-2 text-sm shadow-float"
    >
      <span className="flex min-w-0 flex-wrap items-center gap-x-3">
        <Chosen run={a} />
        {b ? <Chosen run={b} /> : <span className="text-ink-3">Choose a second run of {a.script_name}.</span>}
      </span>
      {apart ? <span className="text-skip">Only runs of one script can be compared.</span> : null}
      <span className="ml-auto flex gap-2">
        <Button look="quiet" size="sm" onClick={onClear}>
          Clear
        </Button>
        {b && !apart ? (
          <Link to="/runs/compare" search={{ a: a.id, b: b.id }} className={buttonClass("primary", "sm")}>
            Compare
          </Link>
        ) : null}
      </span>
    </div>
  );
}

const Chosen = ({ run }: { run: Run }) => (
  <span className="inline-flex items-center gap-1.5">
    <StateMark mark={markOf(run)} />
    {run.script_name} <span className="num text-ink-3">#{run.number}</span>
  </span>
);

/** The older one first: what changed is told from then to now. */
const inOrder = (runs: readonly Run[]): readonly Run[] =>
  [...runs].sort((one, other) => one.queued_at.localeCompare(other.queued_at));
