// The open files. A middle click closes, a drag reorders, arrow keys move between them; what is unsaved is marked.
import { X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { cn } from "~/lib/cn";
import { movedTab, tabNames } from "./tabs";

interface TabStripProps {
  tabs: readonly string[];
  shown: string;
  dirty: ReadonlySet<string>;
  conflicts: ReadonlySet<string>;
  /** The only tab of what runs stays. */
  closable: (path: string) => boolean;
  onShow: (path: string) => void;
  onClose: (path: string) => void;
  onOrder: (next: (tabs: readonly string[]) => readonly string[]) => void;
}

export function TabStrip({ tabs, shown, dirty, conflicts, closable, onShow, onClose, onOrder }: TabStripProps) {
  const names = tabNames(tabs);
  const list = useRef<HTMLDivElement>(null);
  const dragged = useRef<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab, or another place of it, comes into sight.
  useEffect(() => {
    list.current
      ?.querySelector("[aria-selected=true]")
      ?.parentElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown, tabs]);
  const onKey = (event: KeyboardEvent, path: string) => {
    const at = tabs.indexOf(path);
    const next = event.key === "ArrowRight" ? tabs[at + 1] : event.key === "ArrowLeft" ? tabs[at - 1] : undefined;
    if (event.key === "Delete" && closable(path)) onClose(path);
    else if (next !== undefined) {
      onShow(next);
      (list.current?.querySelector(`[data-tab="${CSS.escape(next)}"]`) as HTMLElement | null)?.focus();
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={list}
      role="tablist"
      aria-label="Open files"
      className="flex min-w-0 flex-1 items-stretch overflow-x-auto [scrollbar-width:none]"
    >
      {tabs.map((path) => {
        const { name = path, folder = null } = names.get(path) ?? {};
        const selected = path === shown;
        const unsaved = dirty.has(path);
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: a pointer's middle button and drags; keys are the tab's.
          <div
            key={path}
            draggable
            onDragStart={(event) => {
              dragged.current = path;
              event.dataTransfer.effectAllowed = "move";
              event.dataTransfer.setData("text/plain", path);
            }}
            onDragOver={(event) => {
              const from = dragged.current;
              if (from === null) return;
              event.preventDefault();
              if (from !== path) onOrder((known) => movedTab(known, from, known.indexOf(path)));
            }}
            onDragEnd={() => {
              dragged.current = null;
            }}
            onMouseDown={(event) => {
              // The middle button would begin to scroll.
              if (event.button === 1) event.preventDefault();
            }}
            onAuxClick={(event) => {
              if (event.button === 1 && closable(path)) onClose(path);
            }}
            className={cn(
              "group/tab relative flex h-9 shrink-0 items-center border-line border-r pr-1",
              selected
                ? "bg-panel text-ink after:absolute after:inset-x-0 after:-bottom-px after:h-px after:bg-panel"
                : "bg-sunken text-ink-3 hover:text-ink",
            )}
          >
            <button
              type="button"
              role="tab"
              data-tab={path}
              aria-selected={selected}
              aria-label={`${path}${unsaved ? ", unsaved" : ""}`}
              tabIndex={selected ? 0 : -1}
              title={path}
              onClick={() => onShow(path)}
              onKeyDown={(event) => onKey(event, path)}
              className={cn(
                "flex h-full max-w-56 items-center gap-1.5 rounded-sm pl-3 text-[13px] outline-offset-[-2px]",
                !closable(path) && "pr-2",
              )}
            >
              <span className={cn("truncate-line", conflicts.has(path) && "text-skip")}>{name}</span>
              {folder ? <span className="truncate-line text-ink-3 text-xs">{folder}</span> : null}
            </button>
            <span className="relative ml-1 inline-flex size-5 items-center justify-center empty:hidden">
              {unsaved ? (
                <span
                  aria-hidden
                  className={cn(
                    "absolute size-2 rounded-full bg-accent-ink",
                    closable(path) && "group-hover/tab:hidden",
                  )}
                />
              ) : null}
              {closable(path) ? (
                <button
                  type="button"
                  tabIndex={-1}
                  aria-label={`Close ${path}`}
                  onClick={() => onClose(path)}
                  className={cn(
                    "inline-flex size-5 items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink",
                    unsaved
                      ? "opacity-0 group-hover/tab:opacity-100"
                      : selected
                        ? ""
                        : "opacity-0 group-hover/tab:opacity-100 max-md:opacity-100",
                  )}
                >
                  <X aria-hidden className="size-3.5" />
                </button>
              ) : null}
            </span>
          </div>
        );
      })}
    </div>
  );
}
