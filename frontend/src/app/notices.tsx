// Two things the reader must know wherever they are: the engine is away, the server is.
import { useQuery } from "@tanstack/react-query";
import { Unplug, WifiOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { toast } from "sonner";
import { connection } from "~/api/event-socket";
import { systemQuery } from "~/api/queries";
import { useStore } from "~/lib/store";

export function Notices() {
  const { data } = useQuery(systemQuery);
  const link = useStore(connection);
  const lost = useRef(false);
  useEffect(() => {
    if (link === "lost") lost.current = true;
    if (link === "open" && lost.current) {
      lost.current = false;
      toast("Connected again", { description: "Everything shown is up to date." });
    }
  }, [link]);

  if (link === "lost")
    return (
      <div
        role="status"
        className="flex items-center gap-2.5 border-skip/40 border-b bg-skip/8 px-4 py-2 text-sm sm:px-6"
        data-testid="offline"
      >
        <WifiOff aria-hidden className="size-4 shrink-0 text-skip" />
        <p>
          <span className="font-medium">The connection to PyTask-Manager is lost.</span>{" "}
          <span className="text-ink-2">Runs go on without it; this page catches up by itself when it is back.</span>
        </p>
      </div>
    );
  const state = data?.engine.state;
  if (state === "away" || state === "unfit")
    return (
      <div
        role="status"
        className="flex items-center gap-2.5 border-fail/40 border-b bg-fail/8 px-4 py-2 text-sm sm:px-6"
        data-testid="engine-away"
      >
        <Unplug aria-hidden className="size-4 shrink-0 text-fail" />
        <p className="min-w-0">
          <span className="font-medium">
            {state === "away" ? "The Docker engine is away." : "The Docker engine cannot be used."}
          </span>{" "}
          <span className="text-ink-2">
            Queued runs wait for it. {data?.engine.message ?? "Check that Docker is running."}
          </span>
        </p>
      </div>
    );
  return null;
}
