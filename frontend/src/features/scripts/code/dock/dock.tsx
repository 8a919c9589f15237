// What stands under the editor: output, problems, revisions. A bar that is always there, and a height of its own; which
// of them was looked at, and how tall, is remembered in this browser.
import { ChevronDown, ChevronUp } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { IconButton } from "~/components/ui/button";
import { cn } from "~/lib/cn";
import { usePhone } from "~/lib/media";
import { useFlag, usePreference } from "~/lib/preference";
import { Splitter } from "./splitter";

export const DOCK_TABS = ["output", "problems", "revisions"] as const;
export type DockTab = (typeof DOCK_TABS)[number];
const NAMES: Record<DockTab, string> = { output: "Output", problems: "Problems", revisions: "Revisions" };

const LEAST = 120;
const MOST = 900;
const FIRST = 280;

export interface DockState {
  open: boolean;
  tab: DockTab;
  show: (tab: DockTab) => void;
  fold: (open: boolean) => void;
}

export function useDock(): DockState {
  const [open, fold] = useFlag("dock.open", true);
  const [stored, setTab] = usePreference<DockTab>("dock.tab", "output");
  const tab = DOCK_TABS.find((each) => each === stored) ?? "output";
  return {
    open,
    tab,
    fold,
    show: (next) => {
      setTab(next);
      fold(true);
    },
  };
}

interface DockProps {
  dock: DockState;
  badges: Partial<Record<DockTab, ReactNode>>;
  /** How the last run stands: beside the tabs, whichever is shown. */
  aside: ReactNode;
  /** The shown one. `bar` stands on top of it; on a phone that has a row of its own. */
  children: (bar: ReactNode) => ReactNode;
}

export function Dock({ dock, badges, aside, children }: DockProps) {
  const phone = usePhone();
  const [stored, setHeight] = usePreference<string>("dock.height", String(FIRST));
  const height = Math.min(MOST, Math.max(LEAST, Number(stored) || FIRST));
  const toggle = (
    <IconButton label={dock.open ? "Fold the dock" : "Show the dock"} onClick={() => dock.fold(!dock.open)}>
      {dock.open ? <ChevronDown /> : <ChevronUp />}
    </IconButton>
  );
  const tabs = <DockTabs dock={dock} badges={badges} />;
  const bar = (
    <div className="flex min-w-0 flex-1 items-center gap-2">
      {toggle}
      {tabs}
      <div className="min-w-0 flex-1 border-line border-l pl-1">{aside}</div>
    </div>
  );
  return (
    <section aria-label="Dock" className="relative flex shrink-0 flex-col border-line border-t bg-panel">
      {dock.open ? (
        <Splitter
          label="Height of the dock"
          side="above"
          value={height}
          least={LEAST}
          most={MOST}
          onChange={(next) => setHeight(String(next))}
        />
      ) : null}
      {phone || !dock.open ? (
        <div className="flex h-9 shrink-0 items-center gap-2 px-2">
          {toggle}
          {tabs}
          {phone ? null : <div className="min-w-0 flex-1 border-line border-l pl-1">{aside}</div>}
        </div>
      ) : null}
      {dock.open ? (
        <div
          role="tabpanel"
          id="dock-panel"
          aria-labelledby={`dock-${dock.tab}`}
          style={{ height: `min(${height}px, ${phone ? 45 : 60}vh)` }}
          className="flex min-h-0 flex-col"
        >
          {children(phone ? aside : bar)}
        </div>
      ) : null}
    </section>
  );
}

function DockTabs({ dock, badges }: Pick<DockProps, "dock" | "badges">) {
  const chosen = useRef<HTMLButtonElement>(null);
  // The bar may be drawn anew in another place when the tab changes; the focus stays on it.
  useEffect(() => {
    if (!dock.open || movedTo.current !== dock.tab) return;
    movedTo.current = null;
    chosen.current?.focus();
  });
  const show = (next: DockTab) => {
    movedTo.current = next;
    dock.show(next);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = DOCK_TABS[(DOCK_TABS.indexOf(dock.tab) + step + DOCK_TABS.length) % DOCK_TABS.length];
    if (step === 0 || !next) return;
    event.preventDefault();
    show(next);
  };
  return (
    <div role="tablist" aria-label="Dock" className="flex h-9 shrink-0 items-stretch gap-1" onKeyDown={onKey}>
      {DOCK_TABS.map((tab) => {
        const shown = dock.open && tab === dock.tab;
        return (
          <button
            key={tab}
            ref={tab === dock.tab ? chosen : undefined}
            type="button"
            role="tab"
            id={`dock-${tab}`}
            aria-selected={shown}
            aria-controls={shown ? "dock-panel" : undefined}
            tabIndex={tab === dock.tab ? 0 : -1}
            onClick={() => (shown ? dock.fold(false) : show(tab))}
            className={cn(
              "relative inline-flex items-center gap-1.5 rounded-sm px-2 text-sm outline-offset-[-2px]",
              shown
                ? "text-ink after:absolute after:inset-x-2 after:top-0 after:h-0.5 after:bg-accent-ink"
                : "text-ink-3 hover:text-ink",
            )}
          >
            {NAMES[tab]}
            {badges[tab]}
          </button>
        );
      })}
    </div>
  );
}

/** The tab that was gone to, until it has the focus. One dock is on the page. */
const movedTo: { current: DockTab | null } = { current: null };
