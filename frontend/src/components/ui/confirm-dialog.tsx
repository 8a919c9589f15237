// Asks before something is done that cannot be taken back: what it is, what follows from it, and one button that does it.
import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface ConfirmDialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description: ReactNode;
  /** The word of the button. */
  act: string;
  /** Primary where nothing is lost. */
  look?: "danger" | "primary";
  busy: boolean;
  onConfirm: () => void;
}

export function ConfirmDialog({
  open,
  onClose,
  title,
  description,
  act,
  look = "danger",
  busy,
  onConfirm,
}: ConfirmDialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look={look} busy={busy} onClick={onConfirm}>
            {act}
          </Button>
        </>
      }
    />
  );
}
