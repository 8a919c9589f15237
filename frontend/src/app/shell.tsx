// The frame around every page: sidebar (phone: bottom bar), top bar, notices about the engine and the connection,
// the page's keys.
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { CircleQuestionMark, Moon, Sun, SunMoon } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { IconButton } from "~/components/ui/button";
import { Toaster } from "~/components/ui/toaster";
import { TooltipProvider } from "~/components/ui/tooltip";
import { cn } from "~/lib/cn";
import { type Hotkey, listenHotkeys } from "~/lib/hotkeys";
import { useStore } from "~/lib/store";
import { chooseTheme, type ThemeChoice, themeChoice } from "~/lib/theme";
import { HelpDialog } from "./help-dialog";
import { Notices } from "./notices";
import { PLACES, type Place } from "./places";
import { TopBar } from "./top-bar";
import { useTitle } from "./use-title";

export function Shell() {
  const [help, setHelp] = useState(false);
  useKeys(() => setHelp(true));
  useTitle();
  return (
    <TooltipProvider>
      <a
        href="#page"
        className="sr-only z-50 rounded-md bg-accent px-3 py-1.5 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      {/* Clipped, and the place that hidden texts are positioned in: nothing but the page below ever scrolls. */}
      <div className="relative flex h-full overflow-clip">
        <Sidebar onHelp={() => setHelp(true)} />
        <div className="flex min-w-0 flex-1 flex-col">
          <TopBar />
          <Notices />
          <main id="page" tabIndex={-1} className="relative min-h-0 flex-1 overflow-auto outline-none">
            <Outlet />
          </main>
          <BottomBar />
        </div>
      </div>
      <HelpDialog open={help} onClose={() => setHelp(false)} />
      <Toaster />
    </TooltipProvider>
  );
}

function useKeys(onHelp: () => void) {
  const navigate = useNavigate();
  const hotkeys = useMemo<Hotkey[]>(
    () => [
      ...PLACES.map((place) => ({
        keys: `g ${place.key}`,
        does: `Go to ${place.name}`,
        run: () => void navigate({ to: place.to }),
      })),
      { keys: "?", does: "Show the keys", run: onHelp },
    ],
    [navigate, onHelp],
  );
  useEffect(() => listenHotkeys(() => hotkeys), [hotkeys]);
}

const isExact = (place: Place) => ({ exact: place.to === "/" });

function Sidebar({ onHelp }: { onHelp: () => void }) {
  return (
    <aside className="flex w-[184px] shrink-0 flex-col border-line border-r bg-panel max-md:hidden">
      <Link to="/" className="flex h-12 items-center gap-2 px-4 font-semibold tracking-[-0.01em] outline-offset-[-2px]">
        <svg aria-hidden viewBox="0 0 20 20" className="size-[18px]">
          <path
            d="M10 1.5 18.5 10 10 18.5 1.5 10Z"
            fill="none"
            stroke="var(--accent-ink)"
            strokeWidth="1.8"
            strokeLinejoin="round"
          />
          <path d="m8.2 6.8 5 3.2-5 3.2Z" fill="var(--accent-ink)" />
        </svg>
        PyTask
      </Link>
      <nav aria-label="Main" className="flex flex-1 flex-col gap-0.5 px-2 pt-1">
        {PLACES.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            activeOptions={isExact(place)}
            className="flex h-8 items-center gap-2.5 rounded-md px-2 font-medium text-ink-2 text-sm hover:bg-hover hover:text-ink aria-[current=page]:bg-selected aria-[current=page]:text-ink"
          >
            <place.icon aria-hidden className="size-4 opacity-80" />
            {place.name}
          </Link>
        ))}
      </nav>
      <div className="flex items-center gap-1 p-2">
        <ThemeButton />
        <IconButton label="Keys" hint="Keys (?)" onClick={onHelp}>
          <CircleQuestionMark />
        </IconButton>
      </div>
    </aside>
  );
}

const NEXT: Record<ThemeChoice, ThemeChoice> = { dark: "light", light: "system", system: "dark" };
const THEME_WORD: Record<ThemeChoice, string> = {
  dark: "Dark theme",
  light: "Light theme",
  system: "Theme as the system",
};

function ThemeButton() {
  const choice = useStore(themeChoice);
  const Icon = { dark: Moon, light: Sun, system: SunMoon }[choice];
  return (
    <IconButton label={THEME_WORD[choice]} onClick={() => chooseTheme(NEXT[choice])}>
      <Icon />
    </IconButton>
  );
}

const BottomBar = () => (
  <nav
    aria-label="Main"
    className="flex h-14 shrink-0 border-line border-t bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
  >
    {PLACES.map((place) => (
      <Link
        key={place.to}
        to={place.to}
        activeOptions={isExact(place)}
        className={cn(
          "flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] text-ink-3 outline-offset-[-2px]",
          "aria-[current=page]:text-ink",
        )}
      >
        <place.icon aria-hidden className="size-[18px]" />
        {place.name}
      </Link>
    ))}
  </nav>
);
