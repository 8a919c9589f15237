import { useQuery } from "@tanstack/react-query";
import { useMatches } from "@tanstack/react-router";
import { useEffect } from "react";
import { dashboardQuery, runQuery } from "~/api/queries";
import { markOf, markWord } from "~/components/ui/state-mark";
import { useCrumbs } from "./top-bar";

/** The tab's title says where it is, how the run in it fares, or how many run. */
export function useTitle() {
  const crumbs = useCrumbs();
  const params = (useMatches().at(-1)?.params ?? {}) as { runId?: string };
  const run = useQuery({ ...runQuery(params.runId ?? ""), enabled: params.runId !== undefined });
  const { data } = useQuery(dashboardQuery);
  const place =
    crumbs
      .slice(1)
      .map((crumb) => crumb.name)
      .join(" ") ||
    crumbs[0]?.name ||
    "";
  const state = run.data ? markWord(markOf(run.data)) : data && data.running > 0 ? `${data.running} running` : "";
  useEffect(() => {
    document.title = [state, place, "PyTask-Manager"].filter(Boolean).join(" · ");
  }, [state, place]);
}
