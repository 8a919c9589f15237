// What would go now, with its size, before the button works.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Skeleton } from "~/components/ui/panel";
import { Bytes, RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { errorText, formatBytes, plural } from "~/lib/format";
import type { RetentionPreview } from "./requests";

interface RemovalPreviewProps {
  query: { data: RetentionPreview | undefined; error: unknown };
  /** It is about something else than what holds now. */
  changed: boolean;
  waiting: boolean;
  /** It is about one script alone, which need not be named. */
  ofOne: boolean;
}

export function RemovalPreview({ query, changed, waiting, ofOne }: RemovalPreviewProps) {
  const { data, error } = query;
  return (
    <div
      aria-live="polite"
      data-testid="removal-preview"
      className={cn("border-line border-t px-4 py-3 text-sm", changed && "bg-sunken")}
    >
      {error ? (
        <p className="text-ink-3">What would go could not be worked out. {errorText(error)}</p>
      ) : data ? (
        <div className={cn(waiting && "opacity-60")}>
          <Gist preview={data} changed={changed} />
          {!ofOne && data.runs > 0 && data.by_script.length > 0 ? <ByScript preview={data} /> : null}
        </div>
      ) : (
        <Skeleton className="h-4 w-72" />
      )}
    </div>
  );
}

function Gist({ preview, changed }: { preview: RetentionPreview; changed: boolean }) {
  if (preview.runs === 0)
    return <p className="text-ink-2">{changed ? "Nothing would be removed now." : "Nothing is beyond it now."}</p>;
  return (
    <p className={changed ? "text-ink" : "text-ink-2"}>
      {changed ? "Would remove " : "Beyond it now: "}
      <span className={cn("font-medium", changed && "text-fail")}>
        {preview.truncated ? "at least " : ""}
        {plural(preview.runs, "run")}, {formatBytes(preview.bytes)}
      </span>
      {changed ? " now" : ""}
      {preview.oldest && preview.newest ? (
        <span className="text-ink-3">
          , from <RelativeTime at={preview.oldest} /> to <RelativeTime at={preview.newest} />
        </span>
      ) : null}
      .
    </p>
  );
}

const FEW = 5;

function ByScript({ preview }: { preview: RetentionPreview }) {
  const [all, setAll] = useState(false);
  const shown = all ? preview.by_script : preview.by_script.slice(0, FEW);
  const hidden = preview.by_script.length - shown.length;
  return (
    <>
      <table className="mt-2 w-full max-w-lg">
        <caption className="sr-only">By script, the largest first</caption>
        <tbody>
          {shown.map((each) => (
            <tr key={each.script_id}>
              <td className="truncate-line max-w-0 py-0.5 pr-3">
                <Link
                  to="/scripts/$scriptId/runs"
                  params={{ scriptId: each.script_id }}
                  className="rounded-sm text-ink-2 hover:text-ink hover:underline"
                >
                  {each.script_name}
                </Link>
              </td>
              <td className="w-28 py-0.5 text-right text-ink-2 tabular-nums">{plural(each.runs, "run")}</td>
              <td className="w-24 py-0.5 text-right text-ink-2">
                <Bytes value={each.bytes} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 ? (
        <button
          type="button"
          onClick={() => setAll(true)}
          className="mt-1 rounded-sm text-accent-ink text-xs hover:underline"
        >
          {plural(hidden, "more script")}
        </button>
      ) : null}
    </>
  );
}
