// One editor per filter, the same in a popover and in the sheet of a phone.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { scriptsQuery } from "~/api/queries";
import { LASTS, type Last, type RunFilters } from "~/api/run-filters";
import { Input } from "~/components/ui/field";
import { OptionList } from "~/components/ui/option-list";
import { type Mark, StateMark } from "~/components/ui/state-mark";
import { FAILURES, OUTCOMES } from "~/features/runs/describe";
import { schedulesQuery } from "~/features/schedules/requests";
import { titleOf } from "~/features/schedules/words";
import { useSettled } from "~/lib/use-settled";
import { type FilterName, KINDS, kindsOf, LAST_WORDS, STATES, TRIGGERS } from "./filters";
import { DurationEditor, ErrorEditor, SpanEditor } from "./typed-editors";

export interface EditorProps {
  filters: RunFilters;
  onChange: (patch: Partial<RunFilters>) => void;
  /** One choice is all there is to do. */
  onDone: () => void;
}

export function FilterEditor({ name, ...props }: EditorProps & { name: FilterName }) {
  switch (name) {
    case "outcome":
      return <OutcomeEditor {...props} />;
    case "script":
      return <ScriptEditor {...props} />;
    case "time":
      return <TimeEditor {...props} />;
    case "tag":
      return <TagEditor {...props} />;
    case "schedule":
      return <ScheduleEditor {...props} />;
    case "duration":
      return <DurationEditor {...props} />;
    case "error":
      return <ErrorEditor {...props} />;
    case "trigger":
      return <OneOf {...props} name="trigger" label="Trigger" options={TRIGGERS} />;
    case "state":
      return <OneOf {...props} name="state" label="State" options={STATES} />;
    case "kind":
      return <OneOf {...props} name="kind" label="Kind" options={KINDS} />;
    case "kept":
      return <KeptEditor {...props} />;
  }
}

interface OneOfProps extends EditorProps {
  name: "trigger" | "state" | "kind" | "tag" | "script" | "schedule";
  label: string;
  options: readonly { value: string; label: string; note?: string }[];
}

function OneOf({ filters, onChange, onDone, name, label, options }: OneOfProps) {
  const now = filters[name];
  return (
    <OptionList
      label={label}
      options={options}
      chosen={now === undefined ? [] : [now]}
      onChoose={(value) => {
        onChange({ [name]: value === now ? undefined : value });
        onDone();
      }}
    />
  );
}

function OutcomeEditor({ filters, onChange }: EditorProps) {
  const chosen = kindsOf(filters.outcome);
  const set = (kinds: readonly string[]) => onChange({ outcome: kinds.length > 0 ? kinds.join(",") : undefined });
  const allBad = chosen.length === FAILURES.length && FAILURES.every((kind) => chosen.includes(kind));
  return (
    <>
      <OptionList
        multiple
        label="Outcome"
        options={OUTCOMES.map(({ value, label }) => ({
          value: value as string,
          label: (
            <span className="inline-flex items-center gap-2">
              <StateMark mark={value as Mark} />
              <span aria-hidden>{label}</span>
            </span>
          ),
        }))}
        chosen={chosen}
        onChoose={(kind) => set(chosen.includes(kind) ? chosen.filter((each) => each !== kind) : [...chosen, kind])}
      />
      <button
        type="button"
        className="mt-1 w-full rounded-sm border-line border-t px-2 py-1.5 text-left text-accent-ink text-sm hover:bg-selected"
        onClick={() => set(allBad ? [] : FAILURES)}
      >
        {allBad ? "Any outcome" : "All that went wrong"}
      </button>
    </>
  );
}

function TimeEditor(props: EditorProps) {
  const { filters, onChange, onDone } = props;
  return (
    <>
      <OptionList<Last>
        label="Time"
        options={LASTS.map((value) => ({ value, label: LAST_WORDS[value] }))}
        chosen={filters.last ? [filters.last] : []}
        onChoose={(last) => {
          onChange({ last: last === filters.last ? undefined : last, from: undefined, to: undefined });
          onDone();
        }}
      />
      <SpanEditor {...props} key={`${filters.from} ${filters.to}`} />
    </>
  );
}

/** Scripts are asked for by what is typed: there may be more than a list holds. */
function ScriptEditor(props: EditorProps) {
  const [typed, setTyped] = useState("");
  const query = useInfiniteQuery(scriptsQuery(useSettled(typed.trim(), 200)));
  const scripts = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Input
        type="search"
        aria-label="Find a script"
        placeholder="Find a script"
        className="mb-1"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <OneOf
        {...props}
        name="script"
        label="Script"
        options={scripts.map(({ id, name }) => ({ value: id, label: name }))}
      />
      {query.data && scripts.length === 0 ? <p className="px-2 py-1.5 text-ink-3 text-sm">No script fits.</p> : null}
    </>
  );
}

function TagEditor(props: EditorProps) {
  const { data } = useInfiniteQuery(scriptsQuery(""));
  const scripts = data?.pages.flatMap((page) => page.items) ?? [];
  const tags = [
    ...new Set([...scripts.flatMap((script) => script.tags), ...(props.filters.tag ? [props.filters.tag] : [])]),
  ];
  if (data && tags.length === 0)
    return (
      <p className="px-2 py-1.5 text-ink-3 text-sm">No script has a tag. They are given in a script's settings.</p>
    );
  return <OneOf {...props} name="tag" label="Tag" options={tags.sort().map((tag) => ({ value: tag, label: tag }))} />;
}

function ScheduleEditor(props: EditorProps) {
  const { data } = useInfiniteQuery(schedulesQuery());
  const schedules = data?.pages.flatMap((page) => page.items) ?? [];
  if (data && schedules.length === 0) return <p className="px-2 py-1.5 text-ink-3 text-sm">There is no schedule.</p>;
  return (
    <OneOf
      {...props}
      name="schedule"
      label="Schedule"
      options={schedules.map((each) => ({ value: each.id, label: titleOf(each), note: each.script_name }))}
    />
  );
}

function KeptEditor({ filters, onChange, onDone }: EditorProps) {
  return (
    <OptionList
      label="Kept"
      options={[{ value: "kept", label: "Only runs that are kept" }]}
      chosen={filters.kept ? ["kept"] : []}
      onChoose={() => {
        onChange({ kept: filters.kept ? undefined : true });
        onDone();
      }}
    />
  );
}
