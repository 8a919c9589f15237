// How a backup becomes an instance again: a restore needs an empty data folder, so it is done where the containers are.
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { restoreSteps } from "./backups";

interface RestoreDialogProps {
  name: string;
  needsKey: boolean;
  onClose: () => void;
}

export const RestoreDialog = ({ name, needsKey, onClose }: RestoreDialogProps) => (
  <Dialog
    open
    wide
    onClose={onClose}
    title="How to restore"
    description="A backup is restored onto an empty volume only, so that nothing can be lost by it. Everything is read back before the instance may start."
    footer={<Button onClick={onClose}>Close</Button>}
  >
    <ol className="flex list-decimal flex-col gap-3 pl-5 text-sm marker:text-ink-3">
      {restoreSteps(name).map(({ what, command }) => (
        <li key={what} className="min-w-0 pl-1">
          {what}
          {command ? (
            <pre className="mt-1.5 whitespace-pre-wrap rounded-sm border border-line bg-sunken px-3 py-2 font-mono text-xs [overflow-wrap:anywhere]">
              {command}
            </pre>
          ) : null}
        </li>
      ))}
    </ol>
    <p className="mt-4 text-ink-2 text-sm">
      Runs that were going on are lost, environments are built again from their locks.
      {needsKey
        ? " Stored passwords and secrets need the old secrets.key: mount it as well and add --key /its/path to the restore."
        : ""}
    </p>
  </Dialog>
);
