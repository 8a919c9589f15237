// What the last clean-ups removed, and what stayed and why.
import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { plural } from "~/lib/format";
import { cleanupQuery, type Report } from "./requests";
import { gistOf, leftOf, NAMES } from "./words";

export function ReportsPanel() {
  const { data, error, refetch } = useQuery(cleanupQuery);
  return (
    <Panel id="reports" title="Last clean-ups">
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {data ? (
        data.last_reports.length > 0 ? (
          <ul aria-label="Last clean-ups">
            {data.last_reports.map((report) => (
              <ReportRow key={report.id} report={report} />
            ))}
          </ul>
        ) : (
          <Empty title="There was none yet">What one removes is listed here.</Empty>
        )
      ) : error ? null : (
        <SkeletonRows rows={3} height={56} />
      )}
    </Panel>
  );
}

function ReportRow({ report }: { report: Report }) {
  const left = leftOf(report);
  return (
    <li className="border-line border-b px-4 py-3 text-sm last:border-b-0">
      <p className="text-ink">{gistOf(report)}</p>
      <p className="text-ink-3 text-xs">
        <RelativeTime at={report.finished_at} /> · {report.trigger === "schedule" ? "by itself" : "asked for"}
        {report.continued > 0 ? ` · cut short ${plural(report.continued, "time")}, went on at the next start` : ""}
      </p>
      {left && report.failures.length > 0 ? (
        <details className="mt-1">
          <summary className="cursor-pointer text-skip text-xs">{left}</summary>
          <ul className="mt-1 flex flex-col gap-1 text-xs">
            {report.failures.map((failure) => (
              <li key={`${failure.kind} ${failure.what}`} className="text-ink-2 [overflow-wrap:anywhere]">
                {NAMES[failure.kind]}: {failure.what} <span className="text-ink-3">— {failure.reason}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </li>
  );
}
