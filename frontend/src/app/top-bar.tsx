// Where you are, what runs, how the engine is.
import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps, useMatches } from "@tanstack/react-router";
import { Fragment } from "react";
import { connection } from "~/api/event-socket";
import { dashboardQuery, runQuery, scriptQuery, systemQuery } from "~/api/queries";
import type { System } from "~/api/types";
import { StateMark } from "~/components/ui/state-mark";
import { Tooltip } from "~/components/ui/tooltip";
import { webhookQuery } from "~/features/webhooks/requests";
import { useStore } from "~/lib/store";
import { PLACES } from "./places";

export function TopBar() {
  return (
    <div className="flex h-12 shrink-0 items-center gap-4 border-line border-b px-4 sm:px-6">
      <Breadcrumb />
      <div className="ml-auto flex shrink-0 items-center gap-4 text-sm">
        <Counts />
        <EngineState />
      </div>
    </div>
  );
}

interface Crumb {
  name: string;
  link: LinkProps;
}

export function useCrumbs(): Crumb[] {
  const leaf = useMatches().at(-1);
  const path = leaf?.fullPath ?? "/";
  const params = (leaf?.params ?? {}) as { scriptId?: string; runId?: string; webhookId?: string };
  const script = useQuery({ ...scriptQuery(params.scriptId ?? ""), enabled: params.scriptId !== undefined });
  const run = useQuery({ ...runQuery(params.runId ?? ""), enabled: params.runId !== undefined });
  const webhook = useQuery({ ...webhookQuery(params.webhookId ?? ""), enabled: params.webhookId !== undefined });
  const place = PLACES.find((each) => each.to !== "/" && path.startsWith(each.to)) ?? PLACES[0];
  const crumbs: Crumb[] = place ? [{ name: place.name, link: { to: place.to } }] : [];
  if (params.scriptId)
    crumbs.push({
      name: script.data?.name ?? "…",
      link: { to: "/scripts/$scriptId/code", params: { scriptId: params.scriptId } },
    });
  if (params.runId) {
    if (run.data)
      crumbs.push({
        name: run.data.script_name,
        link: { to: "/scripts/$scriptId/runs", params: { scriptId: run.data.script_id } },
      });
    crumbs.push({
      name: run.data ? `#${run.data.number}` : "…",
      link: { to: "/runs/$runId", params: { runId: params.runId } },
    });
  }
  if (params.webhookId) {
    crumbs.push({
      name: "Notifications",
      link: { to: "/settings/$section", params: { section: "notifications" } },
    });
    crumbs.push({
      name: webhook.data?.name ?? "…",
      link: { to: "/settings/webhooks/$webhookId", params: { webhookId: params.webhookId } },
    });
  }
  if (path === "/runs/compare") crumbs.push({ name: "Compare", link: { to: path } });
  return crumbs;
}

function Breadcrumb() {
  const crumbs = useCrumbs();
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 items-center gap-2 text-sm">
        {crumbs.map((crumb, index) => {
          const last = index === crumbs.length - 1;
          return (
            <Fragment key={crumb.link.to}>
              {index > 0 ? (
                <li aria-hidden className="text-ink-3">
                  /
                </li>
              ) : null}
              <li className={last ? "truncate-line min-w-0 font-medium text-ink" : "truncate-line max-w-44 text-ink-3"}>
                {last ? (
                  crumb.name
                ) : (
                  <Link {...crumb.link} activeProps={{}} className="rounded-sm hover:text-ink">
                    {crumb.name}
                  </Link>
                )}
              </li>
            </Fragment>
          );
        })}
      </ol>
    </nav>
  );
}

function Counts() {
  const { data } = useQuery(dashboardQuery);
  if (!data) return null;
  return (
    <>
      {data.queued > 0 ? (
        <Link
          to="/runs"
          search={{ state: "queued" }}
          className="flex items-center gap-1.5 rounded-sm text-ink-2 hover:text-ink max-sm:hidden"
        >
          <StateMark mark="queued" /> <span className="tabular-nums">{data.queued} queued</span>
        </Link>
      ) : null}
      {data.running > 0 ? (
        <Link
          to="/runs"
          search={{ state: "running" }}
          className="flex items-center gap-1.5 rounded-sm text-ink-2 hover:text-ink"
        >
          <StateMark mark="running" />
          <span className="tabular-nums">
            {data.running}
            <span className="max-sm:sr-only"> running</span>
          </span>
        </Link>
      ) : null}
    </>
  );
}

const ENGINE: Record<System["engine"]["state"], { word: string; tone: string; why: string }> = {
  ready: { word: "engine", tone: "bg-ok", why: "The Docker engine answers." },
  connecting: { word: "engine", tone: "border-2 border-run", why: "Connecting to the Docker engine." },
  away: { word: "engine away", tone: "border-2 border-fail", why: "The Docker engine does not answer." },
  unfit: { word: "engine unfit", tone: "border-2 border-fail", why: "The Docker engine cannot be used." },
};

function EngineState() {
  const { data } = useQuery(systemQuery);
  const link = useStore(connection);
  if (link === "lost")
    return (
      <Link
        to="/settings/$section"
        params={{ section: "system" }}
        className="flex items-center gap-2 rounded-sm text-skip"
      >
        <span aria-hidden className="size-2 rounded-full border-2 border-skip" /> offline
      </Link>
    );
  if (!data) return <span className="w-14" />;
  const state = ENGINE[data.engine.state];
  return (
    <Tooltip
      content={data.engine.message ?? `${state.why}${data.engine.version ? ` Docker ${data.engine.version}.` : ""}`}
    >
      <Link
        to="/settings/$section"
        params={{ section: "system" }}
        className="flex items-center gap-2 rounded-sm text-ink-2 hover:text-ink"
        data-testid="engine"
        data-state={data.engine.state}
      >
        <span aria-hidden className={`size-2 rounded-full ${state.tone}`} />
        {state.word}
        <span className="sr-only">: {state.why}</span>
      </Link>
    </Tooltip>
  );
}
