// Keys of the page: single keys and the `g x` jumps. A key typed into a field, an editor or an open dialog belongs
// to that field, never to the page.
export interface Hotkey {
  /** "?", "/", or a sequence like "g s". */
  keys: string;
  does: string;
  run: () => void;
}

const SEQUENCE_MS = 1000;

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  // Nothing is typed into a box that is ticked.
  const field = target instanceof HTMLInputElement && target.type === "checkbox" ? "" : target.tagName;
  return (
    target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(field) ||
    target.closest('[role="dialog"],[role="menu"],[role="listbox"],.monaco-editor') !== null
  );
}

/** Listens on `window` until the returned function is called. */
export function listenHotkeys(hotkeys: () => readonly Hotkey[]): () => void {
  let pending = "";
  let since = 0;
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    const now = Date.now();
    const typed = pending && now - since < SEQUENCE_MS ? `${pending} ${event.key}` : event.key;
    pending = "";
    const hit = hotkeys().find((hotkey) => hotkey.keys === typed);
    if (hit) {
      event.preventDefault();
      hit.run();
    } else if (hotkeys().some((hotkey) => hotkey.keys.startsWith(`${event.key} `))) {
      pending = event.key;
      since = now;
    }
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
