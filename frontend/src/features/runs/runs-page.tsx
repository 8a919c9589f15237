// The history: filters in the URL, pages by cursor.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { runsQuery, scriptsQuery } from "~/api/queries";
import { Button, buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { LoadMore } from "~/components/ui/load-more";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { Select } from "~/components/ui/select";
import { OUTCOMES } from "./describe";
import { RunsTable } from "./runs-table";

const ANY = "any";
const STATES = ["queued", "starting", "running", "stopping", "collecting", "finished"] as const;
const word = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function RunsPage() {
  const filters = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const runs = useInfiniteQuery(runsQuery(filters));
  const scripts = useInfiniteQuery(scriptsQuery(""));
  const set = (key: keyof typeof filters, value: string) =>
    void navigate({ search: (before) => ({ ...before, [key]: value === ANY ? undefined : value }), replace: true });
  const filtered = Object.values(filters).some(Boolean);
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const names = scripts.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <Page title="Runs">
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Select
          label="Script"
          className="w-44 max-sm:w-[calc(50%-4px)]"
          value={filters.script ?? ANY}
          onChange={(value) => set("script", value)}
          options={[{ value: ANY, label: "Any script" }, ...names.map(({ id, name }) => ({ value: id, label: name }))]}
        />
        <Select
          label="Outcome"
          className="w-40 max-sm:w-[calc(50%-4px)]"
          value={filters.outcome ?? ANY}
          onChange={(value) => set("outcome", value)}
          options={[{ value: ANY, label: "Any outcome" }, ...OUTCOMES]}
        />
        <Select
          label="State"
          className="w-36 max-sm:w-[calc(50%-4px)]"
          value={filters.state ?? ANY}
          onChange={(value) => set("state", value)}
          options={[{ value: ANY, label: "Any state" }, ...STATES.map((value) => ({ value, label: word(value) }))]}
        />
        <Select
          label="Kind"
          className="w-36 max-sm:w-[calc(50%-4px)]"
          value={filters.kind ?? ANY}
          onChange={(value) => set("kind", value)}
          options={[
            { value: ANY, label: "Any kind" },
            { value: "script", label: "Runs of scripts" },
            { value: "build", label: "Builds" },
            { value: "compile", label: "Compilations" },
          ]}
        />
        {filtered ? (
          <Button look="quiet" onClick={() => void navigate({ search: {}, replace: true })}>
            <X aria-hidden /> Clear
          </Button>
        ) : null}
      </div>
      {runs.error ? <ErrorNotice error={runs.error} onRetry={() => void runs.refetch()} className="mb-3" /> : null}
      <Panel aria-label="Runs">
        {runs.isPending ? <SkeletonRows rows={8} /> : null}
        {runs.data && items.length === 0 ? (
          filtered ? (
            <Empty title="No run fits these filters">Take one away, or clear them all.</Empty>
          ) : (
            <Empty
              title="Nothing has run yet"
              action={
                <Link to="/scripts" search={{}} className={buttonClass("primary")}>
                  Go to scripts
                </Link>
              }
            >
              Every run of a script is kept here with its log, its outcome and what it used.
            </Empty>
          )
        ) : null}
        {items.length > 0 ? <RunsTable runs={items} /> : null}
      </Panel>
      <LoadMore pages={runs} />
    </Page>
  );
}
