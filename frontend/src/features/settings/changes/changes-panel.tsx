// Everything that was changed in the settings, the newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { settingsChangesQuery } from "~/api/queries";
import { ErrorNotice } from "~/components/ui/error-notice";
import { LoadMore } from "~/components/ui/load-more";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { fieldName, valueText } from "./changes";

export function ChangesPanel() {
  const query = useInfiniteQuery(settingsChangesQuery);
  const changes = query.data?.pages.flatMap((page) => page.items);
  return (
    <Panel
      id="changes"
      title="Changes of the settings"
      actions={<span className="text-ink-3 text-xs max-sm:hidden">The newest 1,000 are kept</span>}
    >
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="m-4" /> : null}
      {changes === undefined ? (
        query.error ? null : (
          <SkeletonRows rows={3} />
        )
      ) : changes.length === 0 ? (
        <Empty title="Nothing was changed yet">All settings are at their defaults.</Empty>
      ) : (
        <ul aria-label="Changes" data-testid="changes">
          {changes.map((change) => (
            <li
              key={`${change.at} ${change.field}`}
              className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 border-line border-b px-4 py-2 text-sm last:border-b-0"
            >
              <span className="w-24 shrink-0 text-ink-3 text-xs">
                <RelativeTime at={change.at} />
              </span>
              <span className="min-w-0 flex-1 basis-64 break-words">
                {fieldName(change.field)}: <span className="text-ink-3">{valueText(change.field, change.from)}</span> →{" "}
                <span className="font-medium">{valueText(change.field, change.to)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <LoadMore pages={query} />
    </Panel>
  );
}
