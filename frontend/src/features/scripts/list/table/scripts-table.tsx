// The scripts as a table of which only the rows in sight exist, however many there are. It is scrolled by the page.
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { Fragment, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Checkbox } from "~/components/ui/checkbox";
import { cn } from "~/lib/cn";
import { usePhone } from "~/lib/media";
import { useTagColours } from "../../script-tag";
import type { Sort } from "../search";
import type { Chosen } from "../selection";
import type { Acts } from "../use-acts";
import type { CodeState } from "../use-found";
import { CodeHead } from "./code-head";
import { type Entry, HEAD_HEIGHT, heightOf } from "./layout";
import { type RowHandlers, ScriptRow } from "./script-row";

interface ScriptsTableProps {
  entries: readonly Entry[];
  code: CodeState;
  chosen: Chosen;
  /** How many of those that are shown are chosen, and how many are shown. */
  chosenShown: number;
  shown: number;
  onChooseAll: () => void;
  active: string | null;
  /** Changes whenever the keys moved the active row: then it takes the focus. */
  moved: number;
  sort: Sort;
  reverse: boolean;
  onSort: (sort: Sort) => void;
  acts: Acts;
  handlers: RowHandlers;
}

/** Room for what floats over the end of the list. */
const BELOW = 72;
const page = () => document.getElementById("page");

export function ScriptsTable(props: ScriptsTableProps) {
  const { entries, chosen, active, moved, acts, handlers } = props;
  const phone = usePhone();
  const colours = useTagColours();
  const table = useRef<HTMLTableElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  const activeIndex = useMemo(() => entries.findIndex((entry) => entry.key === active), [entries, active]);
  const choosing = props.chosenShown > 0;

  useLayoutEffect(() => {
    const [scroller, body] = [page(), table.current?.tBodies[0]];
    if (!scroller || !body) return;
    const top = body.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
    setScrollMargin((before) => (Math.abs(before - top) < 1 ? before : top));
  });

  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: page,
    estimateSize: useCallback(
      (index: number) => {
        const entry = entries[index];
        return entry ? heightOf(entry, phone) : 0;
      },
      [entries, phone],
    ),
    getItemKey: useCallback((index: number) => entries[index]?.key ?? index, [entries]),
    // The row with the focus stays, wherever the page is scrolled to.
    rangeExtractor: useCallback(
      (range: Range) => {
        const indexes = defaultRangeExtractor(range);
        if (activeIndex < 0 || indexes.includes(activeIndex)) return indexes;
        return [...indexes, activeIndex].sort((a, b) => a - b);
      },
      [activeIndex],
    ),
    initialRect: { width: 1000, height: 900 },
    overscan: 8,
    scrollMargin,
    scrollPaddingEnd: BELOW,
    scrollPaddingStart: HEAD_HEIGHT,
  });
  // Heights follow from what the rows are, not from what was once measured.
  useLayoutEffect(() => {
    if (entries.length >= 0 && phone !== undefined) virtual.measure();
  }, [virtual, entries, phone]);

  const focused = useRef(moved);
  useEffect(() => {
    if (focused.current === moved || activeIndex < 0 || active === null) return;
    focused.current = moved;
    virtual.scrollToIndex(activeIndex, { align: "auto" });
    const row = table.current?.querySelector(`[data-script="${CSS.escape(active)}"] [data-name]`);
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
  }, [moved, active, activeIndex, virtual]);

  const items = virtual.getVirtualItems();
  const end = virtual.getTotalSize() + scrollMargin;
  const at = (index: number) => (index < 0 ? scrollMargin : (items[index]?.end ?? scrollMargin));
  return (
    <table ref={table} className="w-full table-fixed text-sm" aria-label="Scripts" aria-rowcount={entries.length + 1}>
      <colgroup>
        <col className={choosing ? "w-10" : "w-0 sm:w-10"} />
        <col className={choosing ? "w-7" : "w-10 sm:w-7"} />
        <col />
        <col className="w-0 md:w-42" />
        <col className="w-22 sm:w-28" />
        <col className="w-0 lg:w-28" />
        <col className="w-0 xl:w-32" />
        <col className="w-20" />
      </colgroup>
      <Head {...props} />
      <tbody>
        {items.map((item, index) => {
          const entry = entries[item.index];
          if (!entry) return null;
          return (
            <Fragment key={item.key}>
              <Gap height={item.start - at(index - 1)} />
              {entry.kind === "code" ? (
                <CodeHead code={props.code} />
              ) : (
                <ScriptRow
                  script={entry.script}
                  hit={entry.hit}
                  lines={entry.lines}
                  chosen={chosen.has(entry.key)}
                  choosing={choosing}
                  active={entry.key === active}
                  phone={phone}
                  rowIndex={item.index + 2}
                  colours={colours}
                  acts={acts}
                  handlers={handlers}
                />
              )}
            </Fragment>
          );
        })}
        <Gap height={end - at(items.length - 1)} />
      </tbody>
    </table>
  );
}

const Gap = ({ height }: { height: number }) =>
  height > 0.5 ? (
    <tr aria-hidden style={{ height }}>
      <td colSpan={8} className="p-0" />
    </tr>
  ) : null;

function Head({ chosenShown, shown, onChooseAll, sort, reverse, onSort }: ScriptsTableProps) {
  const by = { sort, reverse, onSort };
  return (
    <thead className="text-ink-3 text-xs max-sm:sr-only">
      <tr className="border-line border-b text-left [&>th]:h-8 [&>th]:overflow-hidden [&>th]:font-medium">
        <th>
          <Checkbox
            aria-label={`Choose all ${shown}`}
            checked={shown > 0 && chosenShown === shown}
            half={chosenShown > 0 && chosenShown < shown}
            onChange={onChooseAll}
            className="ml-4"
          />
        </th>
        <th>
          <span className="sr-only">State</span>
        </th>
        <SortHead {...by} own="name" up="A to Z" down="Z to A">
          Script
        </SortHead>
        <th className="max-md:invisible">Last 20 runs</th>
        <SortHead {...by} own="last_run" up="latest first" down="oldest first">
          Last run
        </SortHead>
        <SortHead {...by} own="next_run" up="soonest first" down="latest first" className="max-lg:invisible">
          Next run
        </SortHead>
        <th className="max-xl:invisible">Packages</th>
        <th className="pr-3">
          <span className="sr-only">Acts</span>
        </th>
      </tr>
    </thead>
  );
}

interface SortHeadProps {
  own: Sort;
  sort: Sort;
  reverse: boolean;
  onSort: (sort: Sort) => void;
  up: string;
  down: string;
  className?: string;
  children: string;
}

function SortHead({ own, sort, reverse, onSort, up, down, className, children }: SortHeadProps) {
  const current = own === sort;
  // The latest first is a falling order of moments.
  const falls = reverse !== (own === "last_run");
  const Arrow = falls ? ArrowDown : ArrowUp;
  return (
    <th aria-sort={current ? (falls ? "descending" : "ascending") : "none"} className={className}>
      <button
        type="button"
        title={current ? `Now ${reverse ? down : up}; turn it round` : `Order: ${up}`}
        onClick={() => onSort(own)}
        className={cn("-ml-1 inline-flex items-center gap-1 rounded-sm px-1 hover:text-ink", current && "text-ink-2")}
      >
        {children}
        {current ? <Arrow aria-hidden className="size-3" /> : null}
      </button>
    </th>
  );
}
