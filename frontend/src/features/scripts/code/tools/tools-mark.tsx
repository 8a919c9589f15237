// Quiet words on what the editor knows: nothing while all is well, a notice when it knows less than it could.
import { Sparkles } from "lucide-react";
import { Button } from "~/components/ui/button";
import { Tooltip } from "~/components/ui/tooltip";
import { useStore } from "~/lib/store";
import { askAgain, toolsStatus } from "./status";

export function ToolsMark() {
  const status = useStore(toolsStatus);
  if (status.state === "off") return null;
  if (status.state === "unavailable")
    return (
      <Tooltip content={status.reason || "There is no language server."}>
        <Button look="quiet" size="sm" onClick={askAgain} data-testid="tools" data-state={status.state}>
          <Sparkles aria-hidden className="text-ink-3" /> No completion
        </Button>
      </Tooltip>
    );
  return (
    <span role="status" data-testid="tools" data-state={status.state} className="text-ink-3 text-xs">
      {status.state === "connecting" ? "Completion is starting" : <span className="sr-only">Completion is ready</span>}
    </span>
  );
}
