// Drags in the tree, and drops from the desktop: over which folder something is, and where it comes down. A folder that
// something rests on opens.
import { type DragEvent, useRef, useState } from "react";
import { toast } from "sonner";
import { type Brought, readDropped } from "./dropped";
import { isWithin, parentOf } from "./paths";
import type { Row } from "./rows";

const DRAG = "application/x-pytask-path";
const OPEN_AFTER_MS = 700;

interface Drops {
  rows: readonly Row[];
  onOpen: (folder: string) => void;
  onMove: (path: string, into: string) => void;
  onBring: (brought: Brought[], into: string) => void;
}

export function useDrops({ rows, onOpen, onMove, onBring }: Drops) {
  const [target, setTarget] = useState<string | null>(null);
  const dragged = useRef<string | null>(null);
  const resting = useRef<{ on: string; timer: ReturnType<typeof setTimeout> } | null>(null);

  const rowUnder = (event: DragEvent): Row | undefined => {
    const path = (event.target as HTMLElement).closest<HTMLElement>("[data-path]")?.dataset.path;
    return path === undefined ? undefined : rows.find((each) => each.node.path === path);
  };
  const folderOf = (row: Row | undefined): string =>
    row === undefined ? "" : row.node.kind === "directory" ? row.node.path : parentOf(row.node.path);
  const leave = () => {
    setTarget(null);
    if (resting.current) clearTimeout(resting.current.timer);
    resting.current = null;
  };

  return {
    /** The folder that would take it; empty for the script's own, null for none. */
    target,
    onDragStart: (event: DragEvent, row: Row) => {
      dragged.current = row.node.path;
      event.dataTransfer.setData(DRAG, row.node.path);
      event.dataTransfer.setData("text/plain", row.node.path);
      event.dataTransfer.effectAllowed = "move";
    },
    handlers: {
      onDragOver: (event: DragEvent) => {
        const inside = event.dataTransfer.types.includes(DRAG);
        if (!inside && !event.dataTransfer.types.includes("Files")) return;
        const row = rowUnder(event);
        const into = folderOf(row);
        const from = dragged.current;
        if (inside && from !== null && (parentOf(from) === into || into === from || isWithin(into, from)))
          return setTarget(null);
        event.preventDefault();
        event.dataTransfer.dropEffect = inside ? "move" : "copy";
        setTarget(into);
        if (resting.current?.on === into) return;
        if (resting.current) clearTimeout(resting.current.timer);
        const opens = into !== "" && row?.node.path === into && !row.open;
        resting.current = { on: into, timer: setTimeout(() => (opens ? onOpen(into) : undefined), OPEN_AFTER_MS) };
      },
      onDragLeave: (event: DragEvent) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) leave();
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        const into = folderOf(rowUnder(event));
        const path = event.dataTransfer.getData(DRAG);
        leave();
        dragged.current = null;
        if (path) return onMove(path, into);
        readDropped(event.dataTransfer).then(
          (brought) => onBring(brought, into),
          () => toast.error("What was dropped could not be read", { description: "Nothing was uploaded." }),
        );
      },
      onDragEnd: () => {
        dragged.current = null;
        leave();
      },
    },
  };
}
