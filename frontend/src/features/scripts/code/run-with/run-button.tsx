// Run, and beside it the ways to run with something: anew, or as lately.
import { ChevronDown, Play } from "lucide-react";
import { useEffect, useState } from "react";
import type { Run, Script } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { Kbd } from "~/components/ui/tag";
import { Tooltip } from "~/components/ui/tooltip";
import { modKey } from "~/lib/platform";
import { useRunScript } from "../../use-run-script";
import { isSecretName, lately, type RunWith } from "./remembered";
import { RunWithDialog, runWords } from "./run-with-dialog";

interface RunButtonProps {
  script: Script;
  onStarted: (run: Run) => void;
}

export function RunButton({ script, onStarted }: RunButtonProps) {
  const { run, busy } = useRunScript(script.id);
  const [asking, setAsking] = useState(false);
  const [known, setKnown] = useState<RunWith[]>([]);
  const go = async (having?: RunWith) => {
    const started = await run(having);
    if (started) onStarted(started);
    return started;
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      setAsking(true);
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, []);
  // What held a secret cannot be repeated from memory.
  const again = known.filter((each) => !Object.keys(each.env).some(isSecretName));
  return (
    <span className="inline-flex">
      <Tooltip
        content={
          <span className="flex items-center gap-1">
            Save and run <Kbd>{modKey}</Kbd>
            <Kbd>Enter</Kbd>
          </span>
        }
      >
        <Button look="primary" className="rounded-r-none" busy={busy} onClick={() => void go()}>
          <Play aria-hidden className="fill-current" /> Run
        </Button>
      </Tooltip>
      <Menu
        onOpenChange={(open) => {
          if (open) setKnown(lately(script.id));
        }}
        trigger={
          <Button look="primary" className="rounded-l-none border-l-on-accent/30 px-1.5" aria-label="Run with…">
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={() => setAsking(true)}>
          Run with arguments or variables
          <span className="ml-auto flex gap-1 pl-4 max-md:hidden">
            <Kbd>{modKey}</Kbd>
            <Kbd>Shift</Kbd>
            <Kbd>Enter</Kbd>
          </span>
        </MenuItem>
        {again.length > 0 ? <MenuSeparator /> : null}
        {again.map((each) => (
          <MenuItem key={JSON.stringify(each)} onSelect={() => void go(each)}>
            <Play aria-hidden />
            <span className="num truncate-line max-w-80">{runWords(each)}</span>
          </MenuItem>
        ))}
      </Menu>
      {asking ? <RunWithDialog script={script} busy={busy} onClose={() => setAsking(false)} onRun={go} /> : null}
    </span>
  );
}
