// The filters of the list of scripts as the shared bar shows them: their words and their editors.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { FilterItem } from "~/components/ui/filter-bar";
import { OptionList } from "~/components/ui/option-list";
import { type Mark, markWord, StateMark } from "~/components/ui/state-mark";
import { Tag } from "~/components/ui/tag";
import { FAILURES } from "~/features/runs/describe";
import { environmentStateWord } from "../../environment-badge";
import { tagsQuery } from "../../requests";
import { colourOf, useTagColours } from "../../script-tag";
import { asList, ENVIRONMENT_STATES, type EnvironmentState, type Filters, listOf, OUTCOME_CHOICES } from "../search";

interface FilterProps {
  filters: Filters;
  onChange: (patch: Partial<Filters>) => void;
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
const outcomeWord = (choice: string) => (choice === "active" ? "Running or queued" : markWord(choice as Mark));
const environmentWord = (state: string) => capital(environmentStateWord(state as EnvironmentState));
const SCHEDULED = { true: "With a schedule", false: "Without one" };
const PAUSED = { true: "Paused", false: "Not paused" };

const wordsOf = (list: string | undefined, word: (value: string) => string): ReactNode =>
  list === undefined ? null : listOf(list).map(word).join(", ");

export function itemsOf(filters: Filters): FilterItem[] {
  const { tags, outcome, scheduled, paused, environment } = filters;
  return [
    {
      name: "tags",
      label: "Tags",
      means: "Scripts that have all of them.",
      always: true,
      value: wordsOf(tags, String),
    },
    {
      name: "outcome",
      label: "Last run",
      means: "How it ended; several may fit.",
      always: true,
      value: wordsOf(outcome, outcomeWord),
    },
    {
      name: "scheduled",
      label: "Schedule",
      means: "Whether it runs by itself.",
      always: true,
      value: scheduled === undefined ? null : SCHEDULED[`${scheduled}`],
    },
    {
      name: "paused",
      label: "Paused",
      means: "A paused script is not run by its schedules.",
      value: paused === undefined ? null : PAUSED[`${paused}`],
    },
    {
      name: "environment",
      label: "Packages",
      means: "Whether what it asks for is installed.",
      value: wordsOf(environment, environmentWord),
    },
  ];
}

const flipped = (list: string | undefined, value: string): string | undefined => {
  const now = listOf(list);
  return asList(now.includes(value) ? now.filter((each) => each !== value) : [...now, value]);
};

export const editorOf = (props: FilterProps) => (name: string, onDone: () => void) => {
  switch (name) {
    case "tags":
      return <TagsEditor {...props} />;
    case "outcome":
      return <OutcomeEditor {...props} />;
    case "scheduled":
      return <YesOrNo {...props} name="scheduled" label="Schedule" words={SCHEDULED} onDone={onDone} />;
    case "paused":
      return <YesOrNo {...props} name="paused" label="Paused" words={PAUSED} onDone={onDone} />;
    default:
      return (
        <OptionList
          multiple
          label="Packages"
          options={ENVIRONMENT_STATES.map((state) => ({ value: state as string, label: environmentWord(state) }))}
          chosen={listOf(props.filters.environment)}
          onChoose={(state) => props.onChange({ environment: flipped(props.filters.environment, state) })}
        />
      );
  }
};

function TagsEditor({ filters, onChange }: FilterProps) {
  const { data } = useQuery(tagsQuery);
  const colours = useTagColours();
  const chosen = listOf(filters.tags);
  const known = data ?? [];
  const gone = chosen.filter((tag) => !known.some(({ name }) => name === tag));
  if (data && known.length + gone.length === 0)
    return (
      <p className="px-2 py-1.5 text-ink-3 text-sm">
        No script has a tag yet. Choose scripts in the list and press Tags, or use a script's menu.
      </p>
    );
  return (
    <OptionList
      multiple
      label="Tags"
      options={[
        ...known.map(({ name, scripts }) => ({
          value: name,
          label: <Tag colour={colourOf(colours, name)}>{name}</Tag>,
          note: <span className="tabular-nums">{scripts}</span>,
        })),
        ...gone.map((name) => ({ value: name, label: <Tag>{name}</Tag>, note: "no script has it" })),
      ]}
      chosen={chosen}
      onChoose={(tag) => onChange({ tags: flipped(filters.tags, tag) })}
    />
  );
}

function OutcomeEditor({ filters, onChange }: FilterProps) {
  const chosen = listOf(filters.outcome);
  const allBad = chosen.length === FAILURES.length && FAILURES.every((kind) => chosen.includes(kind));
  return (
    <>
      <OptionList
        multiple
        label="Last run"
        options={OUTCOME_CHOICES.map((value) => ({
          value,
          label: (
            <span className="inline-flex items-center gap-2">
              <span aria-hidden>
                <StateMark mark={value === "active" ? "running" : (value as Mark)} />
              </span>
              {outcomeWord(value)}
            </span>
          ),
        }))}
        chosen={chosen}
        onChoose={(kind) => onChange({ outcome: flipped(filters.outcome, kind) })}
      />
      <button
        type="button"
        className="mt-1 w-full rounded-sm border-line border-t px-2 py-1.5 text-left text-accent-ink text-sm hover:bg-selected"
        onClick={() => onChange({ outcome: allBad ? undefined : asList(FAILURES) })}
      >
        {allBad ? "Any outcome" : "All that went wrong"}
      </button>
    </>
  );
}

interface YesOrNoProps extends FilterProps {
  name: "scheduled" | "paused";
  label: string;
  words: { true: string; false: string };
  onDone: () => void;
}

function YesOrNo({ filters, onChange, onDone, name, label, words }: YesOrNoProps) {
  const now = filters[name];
  return (
    <OptionList
      label={label}
      options={(["true", "false"] as const).map((value) => ({ value, label: words[value] }))}
      chosen={now === undefined ? [] : [`${now}`]}
      onChoose={(value) => {
        onChange({ [name]: `${now}` === value ? undefined : value === "true" });
        onDone();
      }}
    />
  );
}
