// Every address of the interface. Pages are loaded when first visited; what a search string may hold is checked here,
// so a hand-written or old URL never breaks a page.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
} from "@tanstack/react-router";
import { parseCompareSearch, parseRunsSearch } from "~/features/history/search";
import { parseRange, rangeParam } from "~/features/logs/line-range";
import { parseScriptsSearch } from "~/features/scripts/list/search";
import { isSection, preloadSection, type SectionId, sectionOf } from "~/features/settings/sections";
import { load } from "~/lib/load";
import { NotFound } from "./not-found";
import { PageError } from "./page-error";
import { Shell } from "./shell";

const RUN_TABS = ["resources", "artifacts", "details"] as const;
/** Absent for the log, which is what a run's page opens with. */
type RunTab = (typeof RUN_TABS)[number];

const SCHEDULER_VIEWS = ["calendar", "what-if"] as const;
const SPANS = ["month", "day"] as const;
const SCHEDULER_DIALOGS = ["new", "import"] as const;
interface SchedulerSearch {
  /** Absent for the list. */
  view?: (typeof SCHEDULER_VIEWS)[number] | undefined;
  q?: string | undefined;
  /** What the calendar shows; absent for a week. */
  span?: (typeof SPANS)[number] | undefined;
  /** A day that the calendar shows; absent for today. */
  on?: string | undefined;
  /** Whose clocks the calendar shows; absent for the viewer's. */
  zone?: string | undefined;
  /** Of which script the calendar shows; absent for all. */
  script?: string | undefined;
  open?: (typeof SCHEDULER_DIALOGS)[number] | undefined;
  /** The schedule that is being edited. */
  schedule?: string | undefined;
}

interface CodeSearch {
  /** Absent for what runs. */
  file?: string | undefined;
  line?: number | undefined;
  /** The file of this revision, beside what it is now … */
  revision?: number | undefined;
  /** … or beside the revision before. */
  against?: "previous" | undefined;
}

const DELIVERY_STATES = ["pending", "delivering", "delivered", "failed", "cancelled", "quiet"] as const;
interface WebhookSearch {
  /** Only deliveries of this state; absent for all. */
  state?: (typeof DELIVERY_STATES)[number] | undefined;
  /** The one that is opened. */
  delivery?: string | undefined;
}

const positive = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const at = <Path extends string>(path: Path) => ({ getParentRoute: () => rootRoute, path });

const dashboardRoute = createRoute({
  ...at("/"),
  component: lazyRouteComponent(() => load(() => import("~/features/dashboard/dashboard-page")), "DashboardPage"),
});

const scriptsRoute = createRoute({
  ...at("/scripts"),
  validateSearch: parseScriptsSearch,
  component: lazyRouteComponent(() => load(() => import("~/features/scripts/list/scripts-page")), "ScriptsPage"),
});

const scriptRoute = createRoute({
  ...at("/scripts/$scriptId"),
  component: lazyRouteComponent(() => load(() => import("~/features/scripts/script-layout")), "ScriptLayout"),
});
const tab = <Path extends string>(path: Path) => ({ getParentRoute: () => scriptRoute, path });
const scriptIndexRoute = createRoute({
  ...tab("/"),
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/scripts/$scriptId/code", params: params as { scriptId: string }, replace: true });
  },
});
const codeRoute = createRoute({
  ...tab("code"),
  validateSearch: (search: Record<string, unknown>): CodeSearch => ({
    file: text(search.file),
    line: positive(search.line),
    revision: positive(search.revision),
    against: search.against === "previous" ? "previous" : undefined,
  }),
  component: lazyRouteComponent(() => load(() => import("~/features/scripts/code/code-tab")), "CodeTab"),
});
const dependenciesRoute = createRoute({
  ...tab("dependencies"),
  component: lazyRouteComponent(
    () => load(() => import("~/features/scripts/dependencies/dependencies-tab")),
    "DependenciesTab",
  ),
});
const scriptRunsRoute = createRoute({
  ...tab("runs"),
  component: lazyRouteComponent(() => load(() => import("~/features/scripts/script-runs-tab")), "ScriptRunsTab"),
});
const schedulesRoute = createRoute({
  ...tab("schedules"),
  component: lazyRouteComponent(() => load(() => import("~/features/scripts/schedules-tab")), "SchedulesTab"),
});
const scriptSettingsRoute = createRoute({
  ...tab("settings"),
  validateSearch: (search: Record<string, unknown>): { limit?: string } => ({ limit: text(search.limit) }),
  component: lazyRouteComponent(() => load(() => import("~/features/scripts/settings/settings-tab")), "SettingsTab"),
});

const runsRoute = createRoute({
  ...at("/runs"),
  validateSearch: parseRunsSearch,
  component: lazyRouteComponent(() => load(() => import("~/features/history/runs-page")), "RunsPage"),
});
const compareRoute = createRoute({
  ...at("/runs/compare"),
  validateSearch: parseCompareSearch,
  component: lazyRouteComponent(() => load(() => import("~/features/history/compare/compare-page")), "ComparePage"),
});
const runRoute = createRoute({
  ...at("/runs/$runId"),
  validateSearch: (search: Record<string, unknown>): { tab?: RunTab; artifact?: string; line?: number | string } => {
    const lines = parseRange(search.line);
    return {
      tab: RUN_TABS.find((each) => each === search.tab),
      artifact: text(search.artifact),
      line: lines ? rangeParam(lines) : undefined,
    };
  },
  component: lazyRouteComponent(() => load(() => import("~/features/runs/run-page")), "RunPage"),
});
const schedulerRoute = createRoute({
  ...at("/scheduler"),
  validateSearch: (search: Record<string, unknown>): SchedulerSearch => ({
    view: SCHEDULER_VIEWS.find((each) => each === search.view),
    q: text(search.q),
    span: SPANS.find((each) => each === search.span),
    script: text(search.script),
    on: typeof search.on === "string" && /^\d{4}-\d\d-\d\d$/.test(search.on) ? search.on : undefined,
    zone: text(search.zone),
    open: SCHEDULER_DIALOGS.find((each) => each === search.open),
    schedule: text(search.schedule),
  }),
  component: lazyRouteComponent(() => load(() => import("~/features/schedules/scheduler-page")), "SchedulerPage"),
});
const settingsRoute = createRoute({
  ...at("/settings"),
  beforeLoad: ({ location: { hash } }) => {
    throw redirect({ to: "/settings/$section", params: { section: sectionOf(hash) }, hash, replace: true });
  },
});
const settingsSectionRoute = createRoute({
  ...at("/settings/$section"),
  params: {
    parse: ({ section }): { section: SectionId } => {
      if (!isSection(section)) throw notFound();
      return { section };
    },
    stringify: ({ section }) => ({ section }),
  },
  loader: ({ params }) => preloadSection(params.section),
  component: lazyRouteComponent(() => load(() => import("~/features/settings/settings-page")), "SettingsPage"),
});

const webhookRoute = createRoute({
  ...at("/settings/webhooks/$webhookId"),
  validateSearch: (search: Record<string, unknown>): WebhookSearch => ({
    state: DELIVERY_STATES.find((each) => each === search.state),
    delivery: text(search.delivery),
  }),
  component: lazyRouteComponent(() => load(() => import("~/features/webhooks/log/webhook-page")), "WebhookPage"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    dashboardRoute,
    scriptsRoute,
    scriptRoute.addChildren([
      scriptIndexRoute,
      codeRoute,
      dependenciesRoute,
      scriptRunsRoute,
      schedulesRoute,
      scriptSettingsRoute,
    ]),
    runsRoute,
    compareRoute,
    runRoute,
    schedulerRoute,
    settingsRoute,
    settingsSectionRoute,
    webhookRoute,
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
