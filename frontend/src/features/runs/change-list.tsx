// Changes as rows: what it is, what it was, what it became.
import type { ChangeRow } from "./changes";

export const ChangeList = ({ rows }: { rows: readonly ChangeRow[] }) => (
  <dl className="py-1 text-sm">
    {rows.map((row) => (
      <div key={row.key} className="flex flex-wrap items-baseline gap-x-3 px-3 py-0.5">
        <dt className="w-36 shrink-0 truncate-line text-ink-2" title={row.name}>
          {row.name}
        </dt>
        <dd className="num min-w-0 [overflow-wrap:anywhere]">
          {row.from === null ? null : (
            <>
              <span className="text-ink-3">{row.from}</span>
              <span aria-hidden className="text-ink-3">
                {" → "}
              </span>
              <span className="sr-only"> became </span>
            </>
          )}
          {row.to}
        </dd>
      </div>
    ))}
  </dl>
);
