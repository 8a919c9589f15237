// The lines across the top of every page: the server is out of reach, the engine is, the disk is nearly full.
//
// A page that loads must not jump when the answer about the system comes: what was shown last is remembered and keeps
// its place until then, so that only a change moves anything.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { HardDrive, type LucideIcon, Stethoscope, Unplug, WifiOff } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { connection } from "~/api/event-socket";
import { systemQuery } from "~/api/queries";
import type { System } from "~/api/types";
import { RelativeTime } from "~/components/ui/time";
import { sectionOf } from "~/features/settings/sections";
import { cn } from "~/lib/cn";
import { recall, remember } from "~/lib/storage";
import { useStore } from "~/lib/store";
import { type Notice, noticesOf } from "./notice";

const LOOKS = {
  engine: { icon: Unplug, tone: "bad", testId: "engine-away" },
  disk: { icon: HardDrive, tone: "caution", testId: "disk-low" },
  doctor: { icon: Stethoscope, tone: "caution", testId: "doctor-problems" },
} as const;

/** A state of the engine that passes within this is not worth a word. */
const SETTLE_MS = 2000;
const REMEMBERED = "notices";

export function Notices() {
  const { data } = useQuery(systemQuery);
  const link = useStore(connection);
  const trouble = useTrouble(data);
  const since = trouble?.since ?? null;
  const shown = useRemembered(trouble !== null, noticesOf(data, trouble?.lasting ?? false));
  const lost = useRef(false);
  useEffect(() => {
    if (link === "lost") lost.current = true;
    if (link === "open" && lost.current) {
      lost.current = false;
      toast("Connected again", { description: "Everything shown is up to date." });
    }
  }, [link]);

  // What is known of the engine and the disk is old then, and says nothing.
  if (link === "lost")
    return (
      <Line icon={WifiOff} tone="caution" title="The connection to PyTask-Manager is lost." testId="offline">
        Runs go on without it; this page catches up by itself when it is back.
      </Line>
    );
  return shown.map((notice) => (
    <Line
      key={notice.kind}
      icon={LOOKS[notice.kind].icon}
      tone={LOOKS[notice.kind].tone}
      title={notice.title}
      testId={LOOKS[notice.kind].testId}
      section={notice.section}
    >
      {notice.text}
      {notice.kind === "engine" && since ? (
        <span className="text-ink-3">
          {" Since "}
          <RelativeTime at={since} />.
        </span>
      ) : null}
    </Line>
  ));
}

interface Trouble {
  /** The engine has not been ready for a moment. */
  lasting: boolean;
  /** When it ceased to be, if this page saw it. */
  since: string | null;
}

/** Null until it is decided whether there is trouble. */
function useTrouble(system: System | undefined): Trouble | null {
  const state = system?.engine.state;
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const seen = useRef<{ state?: string; left: string | null }>({ left: null });
  useEffect(() => {
    if (state === undefined) return;
    const first = seen.current.state === undefined;
    const left = seen.current.state === "ready" ? new Date().toISOString() : seen.current.left;
    seen.current = { state, left: state === "ready" ? null : left };
    // What was so when the page came has lasted already, unless it is on its way.
    const certain = state === "ready" || (first && state !== "connecting");
    const decide = () => setTrouble({ lasting: state !== "ready", since: seen.current.left });
    const timer = setTimeout(decide, certain ? 0 : SETTLE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return trouble;
}

function useRemembered(known: boolean, notices: readonly Notice[]): readonly Notice[] {
  const [before] = useState<readonly Notice[]>(() => {
    try {
      return JSON.parse(recall(REMEMBERED) ?? "[]") as Notice[];
    } catch {
      return [];
    }
  });
  const text = JSON.stringify(notices);
  useEffect(() => {
    if (known) remember(REMEMBERED, text === "[]" ? null : text);
  }, [known, text]);
  return known ? notices : before;
}

interface LineProps {
  icon: LucideIcon;
  tone: "bad" | "caution";
  title: string;
  testId: string;
  section?: string;
  children: ReactNode;
}

const Line = ({ icon: Icon, tone, title, testId, section, children }: LineProps) => (
  <div
    role="status"
    data-testid={testId}
    className={cn(
      "flex shrink-0 items-center gap-2.5 border-b px-4 py-2 text-sm sm:px-6",
      tone === "bad" ? "border-fail/40 bg-fail/8" : "border-skip/40 bg-skip/8",
    )}
  >
    <Icon aria-hidden className={cn("size-4 shrink-0", tone === "bad" ? "text-fail" : "text-skip")} />
    <p className="min-w-0 flex-1">
      <span className="font-medium">{title}</span> <span className="text-ink-2">{children}</span>
    </p>
    {section ? (
      <Link
        to="/settings/$section"
        params={{ section: sectionOf(section) }}
        hash={section}
        className="shrink-0 rounded-sm text-accent-ink hover:underline"
      >
        Settings
      </Link>
    ) : null}
  </div>
);
