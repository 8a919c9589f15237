// How far the uploads are, under the tree they go into.
import { X } from "lucide-react";
import { IconButton } from "~/components/ui/button";
import { Meter } from "~/components/ui/meter";
import { formatBytes } from "~/lib/format";
import { useStore } from "~/lib/store";
import { uploadsOf } from "./uploads";

export function UploadProgress({ scriptId }: { scriptId: string }) {
  const uploads = uploadsOf(scriptId);
  const state = useStore(uploads.state);
  if (state.files === 0) return null;
  return (
    <div role="status" data-testid="uploads" className="border-line border-t px-3 py-2 text-xs">
      <div className="flex items-center gap-2">
        <span className="truncate-line min-w-0 flex-1 text-ink-2">
          Uploading {Math.min(state.done + state.refused.length + 1, state.files)} of {state.files}
          {state.current ? `: ${state.current}` : ""}
        </span>
        <IconButton dense label="Stop uploading" onClick={() => uploads.cancel()}>
          <X />
        </IconButton>
      </div>
      <Meter share={state.sent / Math.max(state.bytes, 1)} className="mt-1.5" />
      <p className="num mt-1 text-ink-3">
        {formatBytes(state.sent)} of {formatBytes(state.bytes)}
      </p>
    </div>
  );
}
