// The past: runs by filters, and what they wrote. Everything that is asked for is in the address.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { lazy, Suspense } from "react";
import type { RunFilters } from "~/api/run-filters";
import { Button } from "~/components/ui/button";
import { Page, Skeleton } from "~/components/ui/panel";
import { SearchField } from "~/components/ui/search-field";
import { TabBar, TabLink } from "~/components/ui/tab-links";
import { load } from "~/lib/load";
import { usePhone } from "~/lib/media";
import { useTyped } from "~/lib/use-typed";
import { FilterBar, FilterSheet } from "./filters/filter-bar";
import { FILTERS, isNarrowed, isSet, logFilters } from "./filters/filters";
import { RunsView } from "./runs-view";
import { SavedMenu } from "./saved/saved-menu";
import { filtersOf } from "./search";

const LogSearchView = lazy(() => load(() => import("./log-search/log-search-view")));

const ALL = FILTERS.map((filter) => filter.name);
const IN_LOGS = FILTERS.filter((filter) => filter.inLogs).map((filter) => filter.name);

export function RunsPage() {
  const search = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const phone = usePhone();
  const logs = search.mode === "logs";
  const filters = filtersOf(search);
  const change = (patch: Partial<RunFilters>) =>
    void navigate({ search: (before) => ({ ...before, ...patch }), replace: true });
  /** What is looked for in logs stays. */
  const replaceBy = (next: RunFilters) =>
    void navigate({
      search: ({ mode, text, regex, case: matchCase }) => ({ ...next, mode, text, regex, case: matchCase }),
    });
  const clear = () => replaceBy({});
  const names = logs ? IN_LOGS : ALL;
  const narrowed = isNarrowed(logs ? logFilters(filters) : filters);
  const idle = logs ? FILTERS.filter((filter) => !filter.inLogs && isSet(filter.name, filters)) : [];
  const bar = { filters, onChange: change, names };

  const narrowing = (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        {logs ? null : <NameField q={filters.q} onChange={(q) => change({ q })} />}
        {phone ? <FilterSheet {...bar} onClear={clear} /> : <FilterBar {...bar} />}
        <span className="ml-auto flex items-center gap-1">
          {narrowed && !phone ? (
            <Button look="quiet" onClick={clear}>
              <X aria-hidden /> Clear
            </Button>
          ) : null}
          <SavedMenu filters={filters} onChoose={replaceBy} />
        </span>
      </div>
      {idle.length > 0 ? (
        <p className="mb-3 text-ink-3 text-sm">
          {idle.map((filter) => filter.label).join(", ")}: does not narrow a search in logs.
        </p>
      ) : null}
    </>
  );

  return (
    <Page title="Runs" className="pt-1!">
      <div className="mb-3 flex items-center border-line border-b">
        <TabBar label="Views of the past">
          <TabLink bySearch link={{ to: "/runs", search: { ...search, mode: undefined } }}>
            Runs
          </TabLink>
          <TabLink bySearch link={{ to: "/runs", search: { ...search, mode: "logs" } }}>
            Search logs
          </TabLink>
        </TabBar>
      </div>
      {logs ? (
        <Suspense fallback={<Skeleton className="h-40" />}>
          <LogSearchView>{narrowing}</LogSearchView>
        </Suspense>
      ) : (
        <>
          {narrowing}
          <RunsView filters={filters} onClear={clear} />
        </>
      )}
    </Page>
  );
}

function NameField({ q, onChange }: { q: string | undefined; onChange: (q: string | undefined) => void }) {
  const [typed, setTyped] = useTyped(q, onChange);
  return (
    <SearchField
      label="Part of a script's name"
      placeholder="Script name"
      className="w-52 max-sm:flex-1"
      value={typed}
      onChange={setTyped}
    />
  );
}
