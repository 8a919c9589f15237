// All scripts: search and tags in the URL, each row with how it fared and a button that runs it.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Search, Tags } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { scriptsQuery } from "~/api/queries";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import { Menu, MenuCheck } from "~/components/ui/menu";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { plural } from "~/lib/format";
import { listenHotkeys } from "~/lib/hotkeys";
import { NewScriptDialog } from "./new-script-dialog";
import { ScriptsTable } from "./scripts-table";

export function ScriptsPage() {
  const { q = "", tags = [], new: creating } = useSearch({ from: "/scripts" });
  const navigate = useNavigate({ from: "/scripts" });
  const [typed, setTyped] = useState(q);
  const search = useRef<HTMLInputElement>(null);
  const query = useInfiniteQuery(scriptsQuery(useDeferredValue(q)));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;

  // The whole list is wanted at hand (tags and their filter need it); pages follow each other quietly.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed !== q) void navigate({ search: (before) => ({ ...before, q: typed || undefined }), replace: true });
    }, 150);
    return () => clearTimeout(timer);
  }, [typed, q, navigate]);
  useEffect(() => listenHotkeys(() => [{ keys: "/", does: "Search", run: () => search.current?.focus() }]), []);

  const setNew = (open: boolean) =>
    void navigate({ search: (before) => ({ ...before, new: open || undefined }), replace: !open });
  const setTag = (tag: string, on: boolean) => {
    const next = on ? [...tags, tag] : tags.filter((each) => each !== tag);
    void navigate({ search: (before) => ({ ...before, tags: next.length > 0 ? next : undefined }), replace: true });
  };

  const all = query.data?.pages.flatMap((page) => page.items) ?? [];
  const known = [...new Set([...all.flatMap((script) => script.tags), ...tags])].sort();
  const items = all.filter((script) => tags.every((tag) => script.tags.includes(tag)));
  const filtered = q !== "" || tags.length > 0;

  return (
    <Page title="Scripts">
      <div className="mb-3 flex items-center gap-2">
        <div className="relative min-w-0 flex-1 sm:max-w-80">
          <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
          <Input
            ref={search}
            type="search"
            aria-label="Search scripts"
            placeholder="Search by name, description, tag"
            className="pl-8"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        {known.length > 0 ? (
          <Menu
            trigger={
              <Button>
                <Tags aria-hidden /> {tags.length > 0 ? tags.join(", ") : "Tags"}
              </Button>
            }
          >
            {known.map((tag) => (
              <MenuCheck key={tag} checked={tags.includes(tag)} onChange={(on) => setTag(tag, on)}>
                {tag}
              </MenuCheck>
            ))}
          </Menu>
        ) : null}
        {filtered ? (
          <IconButton
            label="Clear the filters"
            className="text-xl"
            onClick={() => {
              setTyped("");
              void navigate({ search: {}, replace: true });
            }}
          >
            <span aria-hidden>×</span>
          </IconButton>
        ) : null}
        <span className="ml-auto text-ink-3 text-sm tabular-nums max-sm:hidden">
          {query.data ? plural(items.length, "script") : null}
        </span>
        <Button look="primary" aria-label="New script" onClick={() => setNew(true)}>
          <Plus aria-hidden /> <span className="max-sm:hidden">New script</span>
          <span className="sm:hidden">New</span>
        </Button>
      </div>
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="mb-3" /> : null}
      <Panel aria-label="Scripts">
        {query.isPending ? <SkeletonRows rows={6} height={52} /> : null}
        {query.data && items.length === 0 ? (
          filtered ? (
            <Empty title="No script fits">Search for something else, or clear the filters.</Empty>
          ) : (
            <Empty
              title="Write your first script"
              action={
                <Button look="primary" onClick={() => setNew(true)}>
                  <Plus aria-hidden /> New script
                </Button>
              }
            >
              A script is a folder with a <code className="num">main.py</code>. Name the packages it needs, press Run,
              and it runs in a container of its own while you read along.
            </Empty>
          )
        ) : null}
        {items.length > 0 ? <ScriptsTable scripts={items} onTag={(tag) => setTag(tag, !tags.includes(tag))} /> : null}
      </Panel>
      <NewScriptDialog open={Boolean(creating)} onClose={() => setNew(false)} />
    </Page>
  );
}
