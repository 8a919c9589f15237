// What a run gets beside what it is asked for with: by name, secrets without their value.
import { useQuery } from "@tanstack/react-query";
import { Caution } from "~/components/ui/caution";
import { scriptVariablesQuery } from "./requests";

interface GivenListProps {
  scriptId: string;
  /** Names that the run has of its own, which go before these. */
  own: readonly string[];
}

export function GivenList({ scriptId, own }: GivenListProps) {
  const { data } = useQuery(scriptVariablesQuery(scriptId));
  if (!data) return null;
  const all = [...data.items, ...data.inherited.filter((one) => !one.overridden)];
  const along = all.filter((one) => !own.includes(one.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const shown = all.filter((one) => one.secret && own.includes(one.name));
  const open = along.filter((one) => one.to_be_entered);
  if (all.length === 0) return null;
  return (
    <div className="flex flex-col gap-1.5">
      {along.length > 0 ? (
        <section aria-label="What comes along">
          <h3 className="mb-1 font-medium text-ink-3 text-xs">Comes along, from the script and the settings</h3>
          <ul className="font-mono text-[12.5px] text-ink-2">
            {along.map((one) => (
              <li key={one.name} className="truncate" title={one.description || undefined}>
                {one.name}=
                <span className="text-ink-3">
                  {one.to_be_entered ? "to be entered" : one.secret ? "••••••••" : one.value}
                </span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {shown.map((one) => (
        <Caution key={one.name}>
          <code className="num">{one.name}</code> is a secret. What is typed here instead is stored with the run, shown
          with it and not masked.
        </Caution>
      ))}
      {open.map((one) => (
        <Caution key={one.name}>
          <code className="num">{one.name}</code> has no value yet, so the run will not start.
        </Caution>
      ))}
    </div>
  );
}
