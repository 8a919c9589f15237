// What can be done with one script from its row, its menu and the keys. Dialogs are opened by the page that holds them.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { toast } from "sonner";
import { changeScript } from "~/api/commands";
import { toastError } from "~/components/ui/error-notice";
import { useStartRun } from "~/features/runs/actions";
import type { ListedScript } from "../contract";
import { useTrash } from "../use-trash";

export type DialogKind = "rename" | "duplicate" | "tags";

export interface OpenDialog {
  kind: DialogKind;
  scripts: readonly ListedScript[];
}

export interface Acts {
  run: (script: ListedScript) => void;
  setPaused: (script: ListedScript, paused: boolean) => void;
  trash: (script: ListedScript) => void;
  open: (kind: DialogKind, script: ListedScript) => void;
}

/** Stays the same as long as the page does: rows that did not change are not drawn again. */
export function useActs(open: (dialog: OpenDialog) => void): Acts {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { mutateAsync: start } = useStartRun();
  const trash = useTrash();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `useTrash` closes over the query client alone.
  return useMemo(
    () => ({
      run: (script) =>
        void start({ scriptId: script.id }).then(
          (run) =>
            toast(`“${script.name}” is queued as run ${run.number}`, {
              action: {
                label: "Open",
                onClick: () => void navigate({ to: "/runs/$runId", params: { runId: run.id } }),
              },
            }),
          // The refusal was told already.
          () => undefined,
        ),
      setPaused: (script, paused) =>
        void changeScript(script.id, { paused }).then(
          () => {
            for (const key of [["scripts"], ["script", script.id], ["schedules"], ["dashboard"]])
              void queryClient.invalidateQueries({ queryKey: key });
            toast(paused ? `“${script.name}” is paused` : `“${script.name}” is no longer paused`, {
              description: paused ? "Its schedules start nothing; it can still be run by hand." : undefined,
            });
          },
          (error: unknown) => toastError(error, `“${script.name}” was not ${paused ? "paused" : "resumed"}.`),
        ),
      trash: (script) => void trash(script),
      open: (kind, script) => open({ kind, scripts: [script] }),
    }),
    [start, navigate, queryClient, open],
  );
}
