// The charts' numbers as a table: for screen readers, and for whoever wants to copy them.
import type { Sample } from "~/api/types";
import { formatBytes, plural } from "~/lib/format";
import { formatAxisTime, thin } from "./samples";

const ROWS = 120;

interface SamplesTableProps {
  samples: readonly Sample[];
  shares: readonly (number | null)[];
  percent: (share: number) => string;
}

export function SamplesTable({ samples, shares, percent }: SamplesTableProps) {
  const rows = thin(
    samples.map((sample, index) => ({ sample, share: shares[index] ?? null })),
    ROWS,
  );
  return (
    <details className="text-sm">
      <summary className="w-fit cursor-pointer rounded-sm text-ink-3 hover:text-ink">The numbers as a table</summary>
      <div className="mt-2 max-h-96 overflow-auto rounded-md border border-line bg-panel">
        <table className="w-full">
          <caption className="px-4 py-2 text-left text-ink-3 text-xs">
            {rows.length < samples.length
              ? `${rows.length} of ${plural(samples.length, "measurement")}, evenly spread`
              : plural(samples.length, "measurement")}
          </caption>
          <thead className="sticky top-0 bg-panel text-ink-3 text-xs">
            <tr className="border-line border-b [&>th]:h-8 [&>th]:px-4 [&>th]:text-right [&>th]:font-medium">
              <th scope="col">Elapsed</th>
              <th scope="col">Memory</th>
              <th scope="col">CPU</th>
              <th scope="col">Processes</th>
            </tr>
          </thead>
          <tbody className="num">
            {rows.map(({ sample, share }) => (
              <tr
                key={sample.elapsed_ms}
                className="border-line border-b text-right last:border-b-0 [&>td]:px-4 [&>td]:py-1"
              >
                <td>{formatAxisTime(sample.elapsed_ms / 1000)}</td>
                <td>{formatBytes(sample.memory_bytes)}</td>
                <td>{share === null ? "–" : percent(share)}</td>
                <td>{sample.pids}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
