// An act on many scripts while it is under way and after it: its progress, what was refused and why, and the way back
// where there is one.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { toast } from "sonner";
import { toastError } from "~/components/ui/error-notice";
import { plural } from "~/lib/format";
import type { BulkAction, BulkKind, ListedScript } from "../../contract";
import { actOnMany } from "../../requests";
import { type Ended, inBatches, type Progress } from "./batches";

/** As the end of "3 scripts were …". */
export const DONE_WORDS: Record<BulkKind, string> = {
  run: "queued",
  pause: "paused",
  resume: "resumed",
  tag: "tagged",
  untag: "untagged",
  delete: "moved to the trash",
  restore: "restored",
};

export interface BulkState {
  kind: BulkKind;
  progress: Progress;
  /** Null while it goes on. */
  ended: Ended | null;
  /** Names by id, for what was refused. */
  names: ReadonlyMap<string, string>;
}

const CHANGED = ["scripts", "script", "tags", "dashboard", "schedules", "runs", "run-totals"];

export interface Bulk {
  state: BulkState | null;
  isBusy: boolean;
  act: (action: BulkAction, scripts: readonly Pick<ListedScript, "id" | "name">[]) => Promise<Ended>;
  dismiss: () => void;
}

export function useBulk(): Bulk {
  const queryClient = useQueryClient();
  const [state, setState] = useState<BulkState | null>(null);

  const refresh = useCallback(() => {
    for (const key of CHANGED) void queryClient.invalidateQueries({ queryKey: [key] });
  }, [queryClient]);

  const act: Bulk["act"] = useCallback(
    async (action, scripts) => {
      const names = new Map(scripts.map(({ id, name }) => [id, name]));
      const about = { kind: action.kind, names };
      const ended = await inBatches(
        scripts.map(({ id }) => id),
        action,
        actOnMany,
        (progress) => setState({ ...about, progress, ended: null }),
      );
      refresh();
      const isWhole = ended.failed.length === 0 && ended.error === null;
      setState(isWhole ? null : { ...about, progress: ended, ended });
      if (ended.done.length > 0) tell(action, ended, names, refresh);
      return ended;
    },
    [refresh],
  );
  return { state, isBusy: state !== null && state.ended === null, act, dismiss: useCallback(() => setState(null), []) };
}

function tell(action: BulkAction, { done }: Ended, names: ReadonlyMap<string, string>, refresh: () => void) {
  const [first] = done;
  const what = done.length === 1 && first ? `“${names.get(first)}” was` : `${plural(done.length, "script")} were`;
  const undo = async () => {
    const back = await inBatches(done, { kind: "restore" }, actOnMany, () => undefined);
    refresh();
    if (back.error || back.failed.length > 0)
      toastError(
        back.error ?? new Error(back.failed.map((each) => each.message).join(" ")),
        `${plural(done.length - back.done.length, "script")} stayed in the trash.`,
      );
    else toast(back.done.length === 1 ? "It is back" : `${plural(back.done.length, "script")} are back`);
  };
  toast(`${what} ${DONE_WORDS[action.kind]}`, {
    ...(action.kind === "delete" ? { duration: 12_000, action: { label: "Undo", onClick: () => void undo() } } : {}),
  });
}
