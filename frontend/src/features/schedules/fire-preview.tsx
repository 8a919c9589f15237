// The next fires on the clocks that matter: the schedule's, the viewer's, and UTC.
import { ErrorNotice } from "~/components/ui/error-notice";
import { Skeleton } from "~/components/ui/panel";
import { cn } from "~/lib/cn";
import type { CronPreview } from "./contract";
import { markWord } from "./words";
import { momentIn, viewerZone } from "./zoned";

const ROWS = 5;

/** Each zone once, under all the names that it has here. */
function columnsOf(zone: string): { zone: string; names: string[] }[] {
  const columns = [{ zone, names: ["The schedule’s"] }];
  for (const [other, name] of [
    [viewerZone(), "Yours"],
    ["UTC", "UTC"],
  ] as const) {
    const known = columns.find((column) => column.zone === other);
    if (known) known.names.push(name);
    else columns.push({ zone: other, names: [name] });
  }
  return columns;
}

interface FirePreviewProps {
  zone: string;
  preview: CronPreview | undefined;
  /** The expression or the zone was not understood; their fields say why. */
  refused: boolean;
  /** A refusal that belongs to no field. */
  error: unknown;
}

export function FirePreview({ zone, preview, refused, error }: FirePreviewProps) {
  if (error) return <ErrorNotice error={error} unchanged="The next fires cannot be shown." />;
  if (refused)
    return (
      <p
        className="flex min-h-36 items-center justify-center rounded-md border border-line border-dashed px-3 text-ink-3 text-sm"
        data-testid="fire-preview"
      >
        The next times are shown here once this is understood.
      </p>
    );
  const columns = columnsOf(zone);
  const fires = preview?.fires ?? [];
  return (
    <div className="rounded-md border border-line bg-panel text-sm" data-testid="fire-preview" aria-live="polite">
      <div className="min-h-9 px-3 pt-2 pb-1 font-medium">
        {preview ? preview.description : <Skeleton className="mt-1 h-3.5 w-52" />}
      </div>
      <table className="w-full">
        <thead className="text-ink-3 text-xs max-sm:sr-only">
          <tr className="text-left">
            {columns.map((column) => (
              <th key={column.zone} className="px-3 pb-1 font-normal">
                {column.names.join(", ")}
                {column.names.includes("UTC") && column.names.length === 1 ? "" : ` · ${column.zone}`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fires.map((at, index) => (
            <tr key={at} className="border-line border-t max-sm:block max-sm:py-1.5">
              {columns.map((column, place) => (
                <td key={column.zone} className="px-3 py-1 max-sm:flex max-sm:justify-between max-sm:py-0.5">
                  <span aria-hidden className="text-ink-3 text-xs sm:hidden">
                    {column.names.join(", ")}
                  </span>
                  <span className={cn("num whitespace-nowrap", place > 0 && "text-ink-2")}>
                    {momentIn(at, column.zone)}
                    {place === 0 && markWord(preview?.marks[index]) ? (
                      <span className="block whitespace-normal font-sans text-skip text-xs">
                        {markWord(preview?.marks[index])}
                      </span>
                    ) : null}
                  </span>
                </td>
              ))}
            </tr>
          ))}
          {preview ? null : (
            <tr aria-hidden>
              <td colSpan={columns.length} style={{ height: ROWS * 27 }} />
            </tr>
          )}
        </tbody>
      </table>
      {preview && fires.length === 0 ? <p className="px-3 pb-2 text-ink-2">It never fires.</p> : null}
      {preview?.notes.map((note) => (
        <p key={note} className="border-line border-t px-3 py-2 text-ink-2">
          {note}
        </p>
      ))}
    </div>
  );
}
