// What a filter is set to, in words; scripts and schedules by their names.
import { useQuery } from "@tanstack/react-query";
import { scriptQuery } from "~/api/queries";
import type { RunFilters } from "~/api/run-filters";
import { scheduleQuery } from "~/features/schedules/requests";
import { titleOf } from "~/features/schedules/words";
import { type FilterName, filterWords } from "./filters";

export function FilterValue({ name, filters }: { name: FilterName; filters: RunFilters }) {
  if (name === "script" && filters.script) return <ScriptName id={filters.script} />;
  if (name === "schedule" && filters.schedule) return <ScheduleName id={filters.schedule} />;
  return filterWords(name, filters);
}

function ScriptName({ id }: { id: string }) {
  const { data, error } = useQuery({ ...scriptQuery(id), retry: false });
  return data?.name ?? (error ? "a script that is gone" : "…");
}

function ScheduleName({ id }: { id: string }) {
  const { data, error } = useQuery(scheduleQuery(id));
  return data ? titleOf(data) : error ? "a schedule that is gone" : "…";
}
