// What would come of each line of a file, those to think of first.
import type { ImportLine, ImportPreview, Lookalike } from "~/api/types";
import { Caution } from "~/components/ui/caution";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import { nameOf, normalName } from "~/lib/requirements";
import { groupsOf, placeOf } from "./import-file";

/** More are only counted: nobody reads them, and a page of a thousand is slow. */
const MOST_SHOWN = 200;

export function ImportLines({ preview }: { preview: ImportPreview }) {
  const suspected = new Map(preview.warnings.map((each) => [each.package, each]));
  const groups = groupsOf(preview.lines);
  return (
    <div className="flex flex-col gap-3 text-sm" data-testid="import-lines">
      {groups.map(({ title, attention, lines }) => (
        <section key={title} className="overflow-hidden rounded-md border border-line">
          <h3
            className={cn(
              "border-line border-b px-3 py-1.5 font-medium text-xs",
              attention ? "bg-skip/8 text-skip" : "bg-hover text-ink-2",
            )}
          >
            {title} <span className="num font-normal">{lines.length}</span>
          </h3>
          <ul>
            {lines.slice(0, MOST_SHOWN).map((line) => (
              <Line key={line.first} line={line} suspected={suspected.get(packageOf(line))} />
            ))}
            {lines.length > MOST_SHOWN ? (
              <li className="px-3 py-1.5 text-ink-3">and {plural(lines.length - MOST_SHOWN, "more line")}</li>
            ) : null}
          </ul>
        </section>
      ))}
      {preview.removed.length > 0 ? (
        <section className="overflow-hidden rounded-md border border-line">
          <h3 className="border-line border-b bg-skip/8 px-3 py-1.5 font-medium text-skip text-xs">
            Goes from the list <span className="num font-normal">{preview.removed.length}</span>
          </h3>
          <p className="num px-3 py-1.5 text-ink-2 [overflow-wrap:anywhere]">{preview.removed.join(", ")}</p>
        </section>
      ) : null}
      {preview.comments > 0 ? (
        <p className="text-ink-3 text-xs">{plural(preview.comments, "comment line")} left out.</p>
      ) : null}
    </div>
  );
}

/** Of a line that stays out nothing is suspected. */
const packageOf = (line: ImportLine): string =>
  line.fate === "not_taken" || line.fate === "ignored" ? "" : normalName(nameOf(line.requirement ?? line.text));

interface LineProps {
  line: ImportLine;
  suspected: Lookalike | undefined;
}

const Line = ({ line, suspected }: LineProps) => (
  <li data-fate={line.fate} className="border-line border-b px-3 py-1.5 last:border-b-0">
    <div className="flex items-baseline gap-3">
      <span className="num min-w-0 flex-1 text-ink [overflow-wrap:anywhere]">{line.requirement ?? line.text}</span>
      <span className="shrink-0 text-ink-3 text-xs">{placeOf(line)}</span>
    </div>
    {line.replaces.length > 0 ? (
      <p className="text-ink-2">
        instead of <span className="num [overflow-wrap:anywhere]">{line.replaces.join(", ")}</span>
      </p>
    ) : null}
    {line.fate === "already_there" ? <p className="text-ink-3">The list says the same.</p> : null}
    {line.message ? (
      <p className={cn("[overflow-wrap:anywhere]", line.fate === "not_taken" ? "text-ink-2" : "text-ink-3")}>
        {line.message}
      </p>
    ) : null}
    {suspected ? <Caution className="mt-0.5">{suspected.message}</Caution> : null}
  </li>
);
