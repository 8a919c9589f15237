// A CSV file as a table: as many rows as are worth looking at, and how many that are is said.
import Papa from "papaparse";
import { useMemo } from "react";
import { Empty } from "~/components/ui/panel";
import { cn } from "~/lib/cn";
import { numericColumns, tableOf } from "./preview";

const ROWS = 500;

export default function CsvView({ text }: { text: string }) {
  const { table, numeric } = useMemo(() => {
    const { data } = Papa.parse<string[]>(text, { preview: ROWS + 2, skipEmptyLines: true });
    const made = tableOf(data, ROWS);
    return { table: made, numeric: numericColumns(made) };
  }, [text]);
  if (table.head.length === 0) return <Empty title="The table is empty" />;
  const edge = (column: number) => (numeric[column] ? "text-right" : "text-left");
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it. */}
      <div tabIndex={0} className="max-h-[70vh] overflow-auto outline-offset-[-2px]">
        <table className="num min-w-full text-ink">
          <thead className="sticky top-0 bg-panel">
            <tr>
              {table.head.map((name, column) => (
                <th
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name.
                  key={column}
                  scope="col"
                  className={cn(
                    "whitespace-nowrap border-line border-b px-4 py-1.5 font-medium text-ink-2",
                    edge(column),
                  )}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity of their own.
              <tr key={index} className="border-line border-b last:border-b-0">
                {row.map((value, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: see above.
                  <td key={column} title={value} className={cn("max-w-80 truncate-line px-4 py-1", edge(column))}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {table.more ? (
        <p className="border-line border-t px-4 py-2 text-ink-3 text-xs">
          The first {ROWS} rows. Download the file for all of them.
        </p>
      ) : null}
    </>
  );
}
