// The past: runs by filters, and what they wrote. Everything that is asked for is in the address.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { RunFilters } from "~/api/run-filters";
import { Button } from "~/components/ui/button";
import { Input } from "~/components/ui/field";
import { Page, Skeleton } from "~/components/ui/panel";
import { TabBar, TabLink } from "~/components/ui/tab-links";
import { listenHotkeys } from "~/lib/hotkeys";
import { load } from "~/lib/load";
import { usePhone } from "~/lib/media";
import { FilterBar } from "./filters/filter-bar";
import { FilterSheet } from "./filters/filter-sheet";
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

const TYPING_MS = 250;

function NameField({ q, onChange }: { q: string | undefined; onChange: (q: string | undefined) => void }) {
  const [typed, setTyped] = useState(q ?? "");
  const input = useRef<HTMLInputElement>(null);
  const tell = useRef(onChange);
  tell.current = onChange;
  /** What the address holds by this field's own doing; anything else came from elsewhere and is shown. */
  const told = useRef(q);
  useEffect(() => {
    if (q === told.current) return;
    told.current = q;
    setTyped(q ?? "");
  }, [q]);
  useEffect(() => {
    const next = typed || undefined;
    const timer = setTimeout(() => {
      if (next === told.current) return;
      told.current = next;
      tell.current(next);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => listenHotkeys(() => [{ keys: "/", does: "Search", run: () => input.current?.focus() }]), []);
  return (
    <div className="relative w-52 min-w-0 max-sm:flex-1">
      <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
      <Input
        ref={input}
        type="search"
        aria-label="Part of a script's name"
        placeholder="Script name"
        className="pl-8"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}
