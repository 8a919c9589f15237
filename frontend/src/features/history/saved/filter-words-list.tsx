// Filters in one line of words, for a dialog.
import { Fragment } from "react";
import type { RunFilters } from "~/api/run-filters";
import { FilterValue } from "../filters/filter-value";
import { FILTERS, isSet } from "../filters/filters";

export function FilterWordsList({ filters }: { filters: RunFilters }) {
  const set = FILTERS.filter(({ name }) => isSet(name, filters));
  return (
    <span className="text-ink-3">
      {filters.q ? `Name has “${filters.q}”${set.length > 0 ? " · " : ""}` : null}
      {set.map(({ name, label }, index) => (
        <Fragment key={name}>
          {index > 0 ? " · " : null}
          {label}: <FilterValue name={name} filters={filters} />
        </Fragment>
      ))}
    </span>
  );
}
