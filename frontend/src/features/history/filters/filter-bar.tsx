// The filters in one line: those that are asked for most are always there, the others once they are set, all of them
// behind "Filter". Each chip opens its editor.
import { ChevronLeft, ChevronRight, Plus, X } from "lucide-react";
import { useState } from "react";
import type { RunFilters } from "~/api/run-filters";
import { Popover, PopoverTrigger } from "~/components/ui/popover";
import { cn } from "~/lib/cn";
import { FilterEditor } from "./editors";
import { FilterValue } from "./filter-value";
import { FILTERS, type FilterName, filterOf, isSet, without } from "./filters";

export interface FiltersProps {
  filters: RunFilters;
  onChange: (patch: Partial<RunFilters>) => void;
  /** Those that can be used here, in their order. */
  names: readonly FilterName[];
}

const ALWAYS: readonly FilterName[] = ["outcome", "script", "time"];
const CHIP = "inline-flex h-8 min-w-0 max-w-72 items-stretch rounded-md border text-sm";
const PART =
  "inline-flex min-w-0 items-center gap-1.5 px-2.5 hover:bg-hover rounded-md [&_svg]:size-3.5 [&_svg]:shrink-0";

export function FilterBar({ filters, onChange, names }: FiltersProps) {
  const shown = names.filter((name) => ALWAYS.includes(name) || isSet(name, filters));
  const rest = names.filter((name) => !shown.includes(name));
  return (
    <>
      {shown.map((name) => (
        <Chip key={name} name={name} filters={filters} onChange={onChange} />
      ))}
      {rest.length > 0 ? <More filters={filters} onChange={onChange} names={rest} /> : null}
    </>
  );
}

function Chip({ name, filters, onChange }: Omit<FiltersProps, "names"> & { name: FilterName }) {
  const [open, setOpen] = useState(false);
  const { label } = filterOf(name);
  const set = isSet(name, filters);
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      label={label}
      className={name === "time" || name === "error" || name === "duration" ? "w-72" : ""}
      anchor={
        <span className={cn(CHIP, set ? "border-line-strong bg-selected" : "border-line-strong border-dashed")}>
          <PopoverTrigger className={cn(PART, set ? "pr-1 text-ink" : "text-ink-2")}>
            {set ? (
              <>
                <span className="text-ink-3">{label}</span>
                <span className="truncate-line font-medium">
                  <FilterValue name={name} filters={filters} />
                </span>
              </>
            ) : (
              <>
                <Plus aria-hidden className="text-ink-3" /> {label}
              </>
            )}
          </PopoverTrigger>
          {set ? (
            <button
              type="button"
              aria-label={`Take the filter ${label} away`}
              onClick={() => onChange(without(name))}
              className="inline-flex w-7 shrink-0 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          ) : null}
        </span>
      }
    >
      <FilterEditor name={name} filters={filters} onChange={onChange} onDone={() => setOpen(false)} />
    </Popover>
  );
}

function More({ filters, onChange, names }: FiltersProps) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<FilterName | null>(null);
  return (
    <Popover
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        setEditing(null);
      }}
      label={editing ? filterOf(editing).label : "More filters"}
      className="w-72"
      anchor={
        <PopoverTrigger
          className={cn(PART, "h-8 border border-line-strong border-dashed text-ink-2 text-sm")}
          aria-label="More filters"
        >
          <Plus aria-hidden className="text-ink-3" /> Filter
        </PopoverTrigger>
      }
    >
      {editing ? (
        <>
          <button
            type="button"
            onClick={() => setEditing(null)}
            className="mb-1 flex h-7 w-full items-center gap-1 rounded-sm px-1 text-ink-2 text-sm hover:bg-selected"
          >
            <ChevronLeft aria-hidden className="size-3.5" /> {filterOf(editing).label}
          </button>
          <FilterEditor name={editing} filters={filters} onChange={onChange} onDone={() => setOpen(false)} />
        </>
      ) : (
        FILTERS.filter((filter) => names.includes(filter.name)).map((filter) => (
          <button
            key={filter.name}
            type="button"
            onClick={() => setEditing(filter.name)}
            className="flex w-full items-center gap-2 rounded-sm px-2 py-1.5 text-left text-sm hover:bg-selected"
          >
            <span className="min-w-0 flex-1">
              {filter.label}
              <span className="block text-ink-3 text-xs">{filter.means}</span>
            </span>
            <ChevronRight aria-hidden className="size-3.5 text-ink-3" />
          </button>
        ))
      )}
    </Popover>
  );
}
