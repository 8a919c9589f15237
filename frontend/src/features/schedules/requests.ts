// What the interface asks the server about schedules, and the queries that keep the answers. Every key begins with
// "schedules", so that news of a run or a script makes all of them be read again.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask } from "~/api/client";
import type { Run } from "~/api/types";
import type {
  Calendar,
  CronPreview,
  CrontabImported,
  CrontabJob,
  CrontabLine,
  NewSchedule,
  Schedule,
  ScheduleList,
  SchedulePage,
  SchedulePatch,
  Simulation,
  SimulationRequest,
} from "./contract";

const of = (id: string) => `/schedules/${encodeURIComponent(id)}`;
const ofScript = (id: string) => `/scripts/${encodeURIComponent(id)}/schedules`;

export const createSchedule = (scriptId: string, body: NewSchedule) => ask<Schedule>("POST", ofScript(scriptId), body);
export const changeSchedule = (id: string, body: SchedulePatch) => ask<Schedule>("PATCH", of(id), body);
export const deleteSchedule = (id: string) => ask<void>("DELETE", of(id));
export const runSchedule = (id: string) => ask<Run>("POST", `${of(id)}/run`);
export const pauseSchedules = (paused: boolean) => ask<unknown>("PATCH", "/settings", { schedules_paused: paused });
export const simulate = (body: SimulationRequest) => ask<Simulation>("POST", "/schedules/simulate", body);
export const importCrontab = (jobs: CrontabJob[]) => ask<CrontabImported>("POST", "/crontab/import", { jobs });

export const schedulesQuery = (q = "") =>
  infiniteQueryOptions({
    queryKey: ["schedules", "list", q],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({
        limit: "100",
        ...(q ? { q } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      });
      return ask<SchedulePage>("GET", `/schedules?${search}`, undefined, signal);
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
    // What is next moves on by itself.
    refetchInterval: 30_000,
  });

export const schedulesOfQuery = (scriptId: string) =>
  queryOptions({
    queryKey: ["schedules", "of", scriptId],
    queryFn: ({ signal }) => ask<ScheduleList>("GET", ofScript(scriptId), undefined, signal),
    refetchInterval: 30_000,
  });

export const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: ["schedules", "one", id],
    queryFn: ({ signal }) => ask<Schedule>("GET", of(id), undefined, signal),
    retry: false,
  });

export const zonesQuery = queryOptions({
  queryKey: ["zones"],
  queryFn: ({ signal }) => ask<{ items: string[] }>("GET", "/zones", undefined, signal),
  select: (list) => list.items,
  staleTime: Number.POSITIVE_INFINITY,
});

/** `count` fires from now on. A refusal is an answer here: it is shown and not asked for again. */
export const previewQuery = (expression: string, zone: string, count = 5) =>
  queryOptions({
    queryKey: ["cron-preview", expression, zone, count],
    queryFn: ({ signal }) => ask<CronPreview>("POST", "/cron/preview", { expression, timezone: zone, count }, signal),
    retry: false,
    staleTime: 30_000,
  });

export interface CalendarAsked {
  from: string;
  to: string;
  /** Whose days count. */
  zone: string;
  /** Only of this one. */
  script: string | undefined;
}

export const calendarQuery = ({ script, ...asked }: CalendarAsked) =>
  queryOptions({
    queryKey: ["schedules", "calendar", asked, script],
    queryFn: ({ signal }) => {
      const params = new URLSearchParams({ ...asked, ...(script ? { script } : {}) });
      return ask<Calendar>("GET", `/calendar?${params}`, undefined, signal);
    },
    placeholderData: (previous) => previous,
    refetchInterval: 60_000,
  });

export const crontabQuery = (text: string, zone: string) =>
  queryOptions({
    queryKey: ["crontab-preview", text, zone],
    queryFn: ({ signal }) => ask<{ lines: CrontabLine[] }>("POST", "/crontab/preview", { text, zone }, signal),
    select: (answer) => answer.lines,
    placeholderData: (previous) => previous,
    retry: false,
  });
