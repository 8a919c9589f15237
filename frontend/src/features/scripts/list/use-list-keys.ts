// The keys of the list: j and k move, r runs, e renames, x chooses, Escape lets go. Enter is the row's own link.
import { useEffect, useRef } from "react";
import { listenHotkeys } from "~/lib/hotkeys";

interface ListKeys {
  move: (step: 1 | -1) => void;
  run: () => void;
  edit: () => void;
  choose: () => void;
  clear: () => void;
}

export function useListKeys(keys: ListKeys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(
    () =>
      listenHotkeys(() => [
        { keys: "j", does: "Next script", run: () => now.current.move(1) },
        { keys: "k", does: "Previous script", run: () => now.current.move(-1) },
        { keys: "r", does: "Run it", run: () => now.current.run() },
        { keys: "e", does: "Rename it", run: () => now.current.edit() },
        { keys: "x", does: "Choose it", run: () => now.current.choose() },
        { keys: "Escape", does: "Let go of what is chosen", run: () => now.current.clear() },
      ]),
    [],
  );
}
