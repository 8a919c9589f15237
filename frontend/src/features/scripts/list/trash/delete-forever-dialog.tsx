// The last question: it says exactly what goes, and that nothing brings it back.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { Meter } from "~/components/ui/meter";
import { totalsQuery } from "~/features/history/requests";
import { errorText, formatBytes, plural } from "~/lib/format";
import type { ListedScript } from "../../contract";
import { deleteForever } from "../../requests";

interface DeleteForeverDialogProps {
  scripts: readonly ListedScript[];
  onClose: () => void;
}

interface Refused {
  script: ListedScript;
  message: string;
}

export function DeleteForeverDialog({ scripts, onClose }: DeleteForeverDialogProps) {
  const queryClient = useQueryClient();
  const [over, setOver] = useState<number | null>(null);
  const [refused, setRefused] = useState<readonly Refused[]>([]);
  const [only] = scripts;
  const one = scripts.length === 1 ? only : undefined;
  const isOver = refused.length > 0;

  const go = async () => {
    const failed: Refused[] = [];
    for (const [index, script] of scripts.entries()) {
      setOver(index);
      try {
        await deleteForever(script.id);
        queryClient.removeQueries({ queryKey: ["script", script.id] });
      } catch (error) {
        failed.push({ script, message: errorText(error) });
      }
    }
    setOver(null);
    for (const key of ["scripts", "runs", "run-totals", "dashboard", "schedules"])
      void queryClient.invalidateQueries({ queryKey: [key] });
    const gone = scripts.length - failed.length;
    if (gone > 0)
      toast(gone === 1 && one ? `“${one.name}” is gone for good` : `${plural(gone, "script")} are gone for good`);
    if (failed.length === 0) onClose();
    else setRefused(failed);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={one ? `Delete ${one.name} for good?` : `Delete ${plural(scripts.length, "script")} for good?`}
      footer={
        isOver ? (
          <Button onClick={onClose}>Close</Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="danger" busy={over !== null} onClick={() => void go()}>
              {one ? "Delete for good" : `Delete ${plural(scripts.length, "script")} for good`}
            </Button>
          </>
        )
      }
    >
      {isOver ? (
        <div role="alert" className="text-sm">
          <p className="font-medium">
            {refused.length} of {plural(scripts.length, "script")} {refused.length === 1 ? "was" : "were"} not deleted:
          </p>
          <ul className="mt-1 text-ink-2">
            {refused.map(({ script, message }) => (
              <li key={script.id}>
                <span className="font-medium text-ink">{script.name}</span>: {message}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <div className="flex flex-col gap-3 text-sm">
          {one ? <WhatGoes script={one} /> : <WhatAllGo scripts={scripts} />}
          <p className="font-medium">This cannot be undone.</p>
          {over !== null && scripts.length > 1 ? (
            <div role="status" className="flex items-center gap-3 text-ink-2">
              <Meter share={over / scripts.length} className="flex-1" />
              <span className="num">
                {over} of {scripts.length}
              </span>
            </div>
          ) : null}
        </div>
      )}
    </Dialog>
  );
}

const List = ({ children }: { children: ReactNode }) => (
  <ul className="flex list-disc flex-col gap-1 pl-5 text-ink-2 marker:text-ink-3">{children}</ul>
);

function WhatGoes({ script }: { script: ListedScript }) {
  const { data, error } = useQuery({ ...totalsQuery(script.id), placeholderData: undefined });
  return (
    <List>
      <li>
        its folder <span className="num text-ink">{script.slug}</span> with every file in it, and all{" "}
        {plural(script.revision, "revision")}
      </li>
      <li>
        {data
          ? data.total === 0
            ? "no runs: it has none"
            : `${plural(data.total, "run")} with logs (${formatBytes(data.log_bytes)}) and artifacts (${formatBytes(data.artifact_bytes)})${data.kept > 0 ? `, also the ${data.kept} marked to be kept` : ""}`
          : error
            ? "all its runs with their logs and artifacts (how many could not be read)"
            : "its runs with their logs and artifacts…"}
      </li>
      <li>
        {script.schedules > 0 ? `its ${plural(script.schedules, "schedule")}, ` : ""}its settings and its environment,
        unless another script uses the same
      </li>
    </List>
  );
}

const SHOWN = 12;

function WhatAllGo({ scripts }: { scripts: readonly ListedScript[] }) {
  return (
    <>
      <p className="text-ink-2">
        Their folders with every file and revision, their schedules, and all their runs with logs and artifacts:
      </p>
      <List>
        {scripts.slice(0, SHOWN).map((script) => (
          <li key={script.id} className="text-ink">
            {script.name}
          </li>
        ))}
        {scripts.length > SHOWN ? <li>and {scripts.length - SHOWN} more, all that are chosen</li> : null}
      </List>
    </>
  );
}
