// Every schedule, searched by script, name, words or expression.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import { LoadMore } from "~/components/ui/load-more";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { plural } from "~/lib/format";
import { listenHotkeys } from "~/lib/hotkeys";
import { schedulesQuery } from "./requests";
import { SchedulesTable } from "./schedules-table";

export function ListView() {
  const { q = "" } = useSearch({ from: "/scheduler" });
  const navigate = useNavigate({ from: "/scheduler" });
  const [typed, setTyped] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  const query = useInfiniteQuery(schedulesQuery(useDeferredValue(q)));
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed !== q) void navigate({ search: (before) => ({ ...before, q: typed || undefined }), replace: true });
    }, 150);
    return () => clearTimeout(timer);
  }, [typed, q, navigate]);
  useEffect(() => listenHotkeys(() => [{ keys: "/", does: "Search", run: () => input.current?.focus() }]), []);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="mb-3 flex items-center gap-3">
        <div className="relative min-w-0 flex-1 sm:max-w-80">
          <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
          <Input
            ref={input}
            type="search"
            aria-label="Search schedules"
            placeholder="Search by script, name, time"
            className="pl-8"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <span className="ml-auto text-ink-3 text-sm tabular-nums">
          {query.data && !query.hasNextPage ? plural(items.length, "schedule") : null}
        </span>
      </div>
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="mb-3" /> : null}
      <Panel aria-label="Schedules">
        {query.isPending ? <SkeletonRows rows={6} height={58} /> : null}
        {query.data && items.length === 0 ? (
          q ? (
            <Empty title="No schedule fits">Search for something else.</Empty>
          ) : (
            <Empty
              title="Let a script run by itself"
              action={
                <Button
                  look="primary"
                  onClick={() => void navigate({ search: (before) => ({ ...before, open: "new" }) })}
                >
                  <Plus aria-hidden /> New schedule
                </Button>
              }
            >
              A schedule says when a script runs: once, or again and again by a cron expression such as{" "}
              <code className="num">30 2 * * 1-5</code>, which is 02:30 from Monday to Friday. You see the next times
              while you type. A crontab that you have can be pasted under Import.
            </Empty>
          )
        ) : null}
        {items.length > 0 ? (
          <SchedulesTable
            schedules={items}
            pausedAll={query.data?.pages[0]?.paused ?? false}
            onEdit={(schedule) => void navigate({ search: (before) => ({ ...before, schedule: schedule.id }) })}
          />
        ) : null}
      </Panel>
      <LoadMore pages={query} />
    </>
  );
}
