// Ctrl/Cmd+S and Ctrl/Cmd+Enter anywhere on the tab; taken before the editor or the browser sees them.
import { useEffect, useRef } from "react";

interface Acts {
  save: () => Promise<void>;
  run: () => Promise<unknown>;
}

export function useCodeKeys(acts: Acts) {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      // A dialog's own keys are its own.
      if (event.target instanceof Element && event.target.closest('[role="dialog"]')) return;
      const act = event.key === "s" ? latest.current.save : event.key === "Enter" ? latest.current.run : null;
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) void act();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, []);
}
