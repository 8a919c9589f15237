// The filters on a phone: one button with their number, a sheet with all of them, one open at a time.
import { ChevronDown, ListFilter } from "lucide-react";
import { useState } from "react";
import { Button } from "~/components/ui/button";
import { Sheet } from "~/components/ui/sheet";
import { cn } from "~/lib/cn";
import { FilterEditor } from "./editors";
import type { FiltersProps } from "./filter-bar";
import { FilterValue } from "./filter-value";
import { FILTERS, type FilterName, isSet } from "./filters";

export function FilterSheet({ filters, onChange, names, onClear }: FiltersProps & { onClear: () => void }) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<FilterName | null>(null);
  const count = names.filter((name) => isSet(name, filters)).length;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <ListFilter aria-hidden /> Filters
        {count > 0 ? <span className="num rounded-full bg-accent-soft px-1.5 text-accent-ink">{count}</span> : null}
      </Button>
      <Sheet
        open={open}
        onClose={() => setOpen(false)}
        title="Filters"
        footer={
          <>
            <Button look="quiet" disabled={count === 0} onClick={onClear}>
              Clear
            </Button>
            <Button look="primary" onClick={() => setOpen(false)}>
              Show
            </Button>
          </>
        }
      >
        {FILTERS.filter((filter) => names.includes(filter.name)).map(({ name, label, means }) => {
          const expanded = editing === name;
          return (
            <section key={name} className="border-line border-b last:border-b-0">
              <button
                type="button"
                aria-expanded={expanded}
                onClick={() => setEditing(expanded ? null : name)}
                className="flex min-h-11 w-full items-center gap-3 px-4 py-2 text-left text-sm"
              >
                <span className="shrink-0">{label}</span>
                <span
                  className={cn(
                    "truncate-line min-w-0 flex-1 text-right",
                    isSet(name, filters) ? "text-accent-ink" : "text-ink-3",
                  )}
                >
                  {isSet(name, filters) ? <FilterValue name={name} filters={filters} /> : "Any"}
                </span>
                <ChevronDown aria-hidden className={cn("size-4 shrink-0 text-ink-3", expanded && "rotate-180")} />
              </button>
              {expanded ? (
                <div className="px-3 pb-3">
                  <p className="px-2 pb-1 text-ink-3 text-xs">{means}</p>
                  <FilterEditor name={name} filters={filters} onChange={onChange} onDone={() => setEditing(null)} />
                </div>
              ) : null}
            </section>
          );
        })}
      </Sheet>
    </>
  );
}
