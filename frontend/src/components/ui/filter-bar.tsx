// Filters in one line: those that are asked for most are always there, the others once they are set, all of them
// behind "Filter". Each chip opens its editor. On a phone: one button with their number, a sheet with all of them, one
// open at a time. What the filters are, and who holds them, is the page's own.
import { ChevronDown, ChevronLeft, ChevronRight, ListFilter, Plus, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { cn } from "~/lib/cn";
import { Button } from "./button";
import { Popover, PopoverTrigger } from "./popover";
import { Sheet } from "./sheet";

export interface FilterItem {
  name: string;
  label: string;
  /** What it is for, where the label does not say. */
  means: string;
  /** What it is set to; null while it is not. */
  value: ReactNode | null;
  /** Offered as a chip although it is not set. */
  always?: boolean;
  /** Its editor has fields. */
  wide?: boolean;
}

export interface FilterBarProps {
  /** In the order in which they are offered. */
  items: readonly FilterItem[];
  editor: (name: string, onDone: () => void) => ReactNode;
  onClear: (name: string) => void;
}

const CHIP = "inline-flex h-8 min-w-0 max-w-72 items-stretch rounded-md border text-sm";
const PART =
  "inline-flex min-w-0 items-center gap-1.5 px-2.5 hover:bg-hover rounded-md [&_svg]:size-3.5 [&_svg]:shrink-0";

export function FilterBar({ items, editor, onClear }: FilterBarProps) {
  const shown = items.filter((item) => item.always || item.value !== null);
  const rest = items.filter((item) => !shown.includes(item));
  return (
    <>
      {shown.map((item) => (
        <Chip key={item.name} item={item} editor={editor} onClear={onClear} />
      ))}
      {rest.length > 0 ? <More items={rest} editor={editor} /> : null}
    </>
  );
}

function Chip({ item, editor, onClear }: Omit<FilterBarProps, "items"> & { item: FilterItem }) {
  const [open, setOpen] = useState(false);
  const { name, label, value, wide } = item;
  const set = value !== null;
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      label={label}
      className={wide ? "w-72" : ""}
      anchor={
        <span className={cn(CHIP, set ? "border-line-strong bg-selected" : "border-line-strong border-dashed")}>
          <PopoverTrigger className={cn(PART, set ? "pr-1 text-ink" : "text-ink-2")}>
            {set ? (
              <>
                <span className="text-ink-3">{label}</span>
                <span className="truncate-line font-medium">{value}</span>
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
              onClick={() => onClear(name)}
              className="inline-flex w-7 shrink-0 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          ) : null}
        </span>
      }
    >
      {editor(name, () => setOpen(false))}
    </Popover>
  );
}

function More({ items, editor }: Omit<FilterBarProps, "onClear">) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<FilterItem | null>(null);
  return (
    <Popover
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        setEditing(null);
      }}
      label={editing ? editing.label : "More filters"}
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
            <ChevronLeft aria-hidden className="size-3.5" /> {editing.label}
          </button>
          {editor(editing.name, () => setOpen(false))}
        </>
      ) : (
        items.map((item) => (
          <button
            key={item.name}
            type="button"
            onClick={() => setEditing(item)}
            className="flex w-full items-center gap-2 rounded-sm px-2 py-1.5 text-left text-sm hover:bg-selected"
          >
            <span className="min-w-0 flex-1">
              {item.label}
              <span className="block text-ink-3 text-xs">{item.means}</span>
            </span>
            <ChevronRight aria-hidden className="size-3.5 text-ink-3" />
          </button>
        ))
      )}
    </Popover>
  );
}

interface FilterSheetProps extends Omit<FilterBarProps, "onClear"> {
  onClearAll: () => void;
  /** Above the filters: what else narrows or orders the list. */
  children?: ReactNode;
}

export function FilterSheet({ items, editor, onClearAll, children }: FilterSheetProps) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<string | null>(null);
  const count = items.filter((item) => item.value !== null).length;
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
            <Button look="quiet" disabled={count === 0} onClick={onClearAll}>
              Clear
            </Button>
            <Button look="primary" onClick={() => setOpen(false)}>
              Show
            </Button>
          </>
        }
      >
        {children}
        {items.map(({ name, label, means, value }) => {
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
                    value === null ? "text-ink-3" : "text-accent-ink",
                  )}
                >
                  {value ?? "Any"}
                </span>
                <ChevronDown aria-hidden className={cn("size-4 shrink-0 text-ink-3", expanded && "rotate-180")} />
              </button>
              {expanded ? (
                <div className="px-3 pb-3">
                  <p className="px-2 pb-1 text-ink-3 text-xs">{means}</p>
                  {editor(name, () => setEditing(null))}
                </div>
              ) : null}
            </section>
          );
        })}
      </Sheet>
    </>
  );
}
