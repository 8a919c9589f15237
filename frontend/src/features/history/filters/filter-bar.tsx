// The filters of the history as the shared bar and the shared sheet show them.
import type { RunFilters } from "~/api/run-filters";
import { FilterBar as Bar, type FilterItem, FilterSheet as Sheet } from "~/components/ui/filter-bar";
import { FilterEditor } from "./editors";
import { FilterValue } from "./filter-value";
import { FILTERS, type FilterName, isSet, without } from "./filters";

export interface FiltersProps {
  filters: RunFilters;
  onChange: (patch: Partial<RunFilters>) => void;
  /** Those that can be used here, in their order. */
  names: readonly FilterName[];
}

const ALWAYS: readonly FilterName[] = ["outcome", "script", "time"];
const WIDE: readonly FilterName[] = ["time", "error", "duration"];

const itemsOf = ({ filters, names }: FiltersProps): FilterItem[] =>
  FILTERS.filter((filter) => names.includes(filter.name)).map(({ name, label, means }) => ({
    name,
    label,
    means,
    value: isSet(name, filters) ? <FilterValue name={name} filters={filters} /> : null,
    always: ALWAYS.includes(name),
    wide: WIDE.includes(name),
  }));

const editorOf =
  ({ filters, onChange }: FiltersProps) =>
  (name: string, onDone: () => void) => (
    <FilterEditor name={name as FilterName} filters={filters} onChange={onChange} onDone={onDone} />
  );

export const FilterBar = (props: FiltersProps) => (
  <Bar
    items={itemsOf(props)}
    editor={editorOf(props)}
    onClear={(name) => props.onChange(without(name as FilterName))}
  />
);

export const FilterSheet = (props: FiltersProps & { onClear: () => void }) => (
  <Sheet items={itemsOf(props)} editor={editorOf(props)} onClearAll={props.onClear} />
);
