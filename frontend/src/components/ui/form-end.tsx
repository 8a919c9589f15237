import type { ReactNode } from "react";
import { Button } from "./button";

interface FormEndProps {
  /** Something can be saved. */
  changed: boolean;
  busy: boolean;
  /** What saving means, in a sentence. */
  note?: ReactNode;
}

/** The end of a form in a panel: what saving means, and the one button that does. */
export const FormEnd = ({ changed, busy, note }: FormEndProps) => (
  <footer className="flex items-center justify-between gap-4 border-line border-t px-4 py-2.5">
    <p className="min-w-0 text-ink-3 text-xs">{note}</p>
    <Button type="submit" look="primary" disabled={!changed} busy={busy}>
      Save
    </Button>
  </footer>
);
