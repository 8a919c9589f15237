import { Upload } from "lucide-react";

/** Over everything while files are dragged over the window. */
export const DropOverlay = () => (
  <div
    aria-hidden
    className="pointer-events-none fixed inset-2 z-50 flex flex-col items-center justify-center gap-2 rounded-lg border-2 border-accent-ink border-dashed bg-canvas/85 text-center"
  >
    <Upload className="size-6 text-accent-ink" />
    <p className="font-medium text-lg">Drop to import</p>
    <p className="text-ink-2 text-sm">Each .py, .zip or .tar.gz becomes a script</p>
  </div>
);
