import type { Package } from "~/api/types";
import { cn } from "~/lib/cn";

/** "requests[socks]>=2" → "[socks]>=2": the name is in the column before. */
const versionsAsked = (requirement: string): string => requirement.replace(/^[\w.-]+/, "").trim() || "any";

/** Asked for first, then what they brought along. */
export function PackagesTable({ packages }: { packages: readonly Package[] }) {
  const sorted = [...packages].sort(
    (a, b) => Number(b.asked != null) - Number(a.asked != null) || a.name.localeCompare(b.name),
  );
  return (
    <div className="max-h-[420px] overflow-auto">
      <table className="w-full table-fixed text-sm">
        <thead className="sticky top-0 bg-panel text-ink-3 text-xs">
          <tr className="text-left shadow-[inset_0_-1px_var(--line)] [&>th]:h-8 [&>th]:font-medium">
            <th className="pl-4">Package</th>
            <th>Asked</th>
            <th className="w-[20%]">Locked</th>
            <th className="w-[24%] pr-4">Installed</th>
          </tr>
        </thead>
        <tbody className="num">
          {sorted.map((each) => (
            <tr key={each.name} className="h-8 border-line border-b last:border-b-0">
              <td
                className={cn("truncate-line pl-4", each.asked == null ? "text-ink-2" : "font-medium text-ink")}
                title={each.name}
              >
                {each.name}
              </td>
              <td className="truncate-line text-ink-3">{each.asked == null ? "" : versionsAsked(each.asked)}</td>
              <td className="truncate-line text-ink-2">{each.locked ?? "–"}</td>
              <td className={cn("truncate-line pr-4", each.installed === each.locked ? "text-ink-2" : "text-skip")}>
                {each.installed ?? "not yet"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
