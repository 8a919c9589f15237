// What floats over the list while scripts are chosen: what can be done with all of them, how far that has come, and by
// name what was refused.
import { Pause, Play, Tags, Trash2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { Meter } from "~/components/ui/meter";
import { errorText, plural } from "~/lib/format";
import type { ListedScript } from "../../contract";
import { type Bulk, type BulkState, DONE_WORDS } from "./use-bulk";

/** More runs than these at one press are asked for twice. */
const MANY_RUNS = 10;

interface BulkBarProps {
  chosen: readonly ListedScript[];
  bulk: Bulk;
  onTags: () => void;
  onClear: () => void;
}

export function BulkBar({ chosen, bulk, onTags, onClear }: BulkBarProps) {
  const [asking, setAsking] = useState(false);
  const { state, act, isBusy } = bulk;
  const count = chosen.length;
  const run = () => {
    setAsking(false);
    void act({ kind: "run" }, chosen);
  };
  const trash = async () => {
    const ended = await act({ kind: "delete" }, chosen);
    if (ended.done.length === count) onClear();
  };
  const somePaused = chosen.some((script) => script.paused);
  const someGo = chosen.some((script) => !script.paused);
  if (count === 0 && !state) return null;
  return (
    <Floating>
      {state ? <BulkNotice state={state} onDismiss={bulk.dismiss} /> : null}
      {count > 0 ? (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <span role="status" className="font-medium tabular-nums">
            {count} chosen
          </span>
          <span className="ml-auto flex flex-wrap items-center gap-1.5">
            <Button size="sm" disabled={isBusy} onClick={() => (count > MANY_RUNS ? setAsking(true) : run())}>
              <Play aria-hidden /> Run
            </Button>
            {someGo ? (
              <Button size="sm" disabled={isBusy} onClick={() => void act({ kind: "pause" }, chosen)}>
                <Pause aria-hidden /> Pause
              </Button>
            ) : null}
            {somePaused ? (
              <Button size="sm" disabled={isBusy} onClick={() => void act({ kind: "resume" }, chosen)}>
                Resume
              </Button>
            ) : null}
            <Button size="sm" disabled={isBusy} onClick={onTags}>
              <Tags aria-hidden /> Tags…
            </Button>
            <Button size="sm" look="danger" disabled={isBusy} onClick={() => void trash()}>
              <Trash2 aria-hidden /> <span className="max-sm:hidden">Move to trash</span>
              <span className="sm:hidden">Trash</span>
            </Button>
            <IconButton label="Let go of what is chosen" hint="Let go (Esc)" onClick={onClear}>
              <X />
            </IconButton>
          </span>
        </div>
      ) : null}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Run ${count} scripts?`}
        description="Each is queued at once. How many run at the same time is settled in Settings; the others wait their turn."
        footer={
          <>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button look="primary" onClick={run}>
              Run {count} scripts
            </Button>
          </>
        }
      />
    </Floating>
  );
}

export const Floating = ({ children }: { children: ReactNode }) => (
  <section
    aria-label="Chosen scripts"
    className="sticky bottom-4 z-20 mx-auto mt-3 flex w-[min(640px,100%)] animate-rise flex-col gap-2 rounded-md border border-line bg-raised px-3 py-2 text-sm shadow-float"
  >
    {children}
  </section>
);

/** While it goes on: how far. Once it is over: what was refused, by name, and what was not tried. */
export function BulkNotice({ state, onDismiss }: { state: BulkState; onDismiss: () => void }) {
  const { progress, ended, names, kind } = state;
  if (!ended)
    return (
      <div role="status" className="flex items-center gap-3 text-ink-2">
        <Meter share={progress.over / Math.max(1, progress.total)} className="flex-1" />
        <span className="num shrink-0">
          {progress.over} of {progress.total}
        </span>
      </div>
    );
  const untried = ended.total - ended.over;
  return (
    <div role="alert" className="flex items-start gap-3 border-line border-b pb-2 last:border-b-0 last:pb-0">
      <div className="min-w-0 flex-1">
        {ended.failed.length > 0 ? (
          <p className="font-medium">
            {ended.failed.length} of {plural(ended.total, "script")} {ended.failed.length === 1 ? "was" : "were"} not{" "}
            {DONE_WORDS[kind]}
          </p>
        ) : null}
        <ul className="max-h-40 overflow-auto">
          {ended.failed.map(({ id, message }) => (
            <li key={id} className="mt-0.5 text-ink-2 [overflow-wrap:anywhere]">
              <span className="font-medium text-ink">{names.get(id) ?? id}</span>: {message}
            </li>
          ))}
        </ul>
        {ended.error ? (
          <p className="mt-0.5 text-ink-2">
            <span className="font-medium text-ink">{errorText(ended.error)}</span>{" "}
            {untried > 0
              ? `${plural(untried, "script")} ${untried === 1 ? "was" : "were"} not reached: unchanged, or not known to be changed.`
              : ""}
          </p>
        ) : null}
      </div>
      <IconButton label="Close the report" onClick={onDismiss}>
        <X />
      </IconButton>
    </div>
  );
}
