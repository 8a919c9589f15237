// What is unused, group by group: chosen or not, why it can go, what it takes, and the largest of it.
import { useId } from "react";
import { Checkbox } from "~/components/ui/checkbox";
import { Tag } from "~/components/ui/tag";
import { Bytes } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import type { Group, Kind } from "./requests";

interface GroupsListProps {
  groups: readonly Group[];
  onToggle: (kind: Kind) => void;
  disabled: boolean;
}

export function GroupsList({ groups, onToggle, disabled }: GroupsListProps) {
  const found = groups.filter((group) => group.items_count > 0);
  const empty = groups.filter((group) => group.items_count === 0);
  return (
    <>
      <ul aria-label="What is unused">
        {found.map((group) => (
          <GroupRow key={group.kind} group={group} onToggle={() => onToggle(group.kind)} disabled={disabled} />
        ))}
      </ul>
      {empty.length > 0 ? (
        <p className="border-line border-t px-4 py-3 text-ink-3 text-xs">
          {found.length > 0 ? "Nothing of the others: " : "There is nothing of these: "}
          {empty.map((group) => lower(group.what)).join(", ")}.
        </p>
      ) : null}
    </>
  );
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function GroupRow({ group, onToggle, disabled }: { group: Group; onToggle: () => void; disabled: boolean }) {
  const id = useId();
  return (
    <li className="flex gap-3 border-line border-b px-4 py-3 text-sm last:border-b-0">
      <Checkbox
        id={id}
        className="mt-0.5 shrink-0"
        checked={group.chosen}
        disabled={disabled}
        onChange={onToggle}
        aria-describedby={`${id}-why`}
      />
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <label htmlFor={id} className="cursor-pointer font-medium text-ink">
            {group.what}
          </label>
          <span className={cn("whitespace-nowrap", group.chosen ? "text-ink" : "text-ink-3")}>
            <span className="num">{group.items_count.toLocaleString("en")}</span>
            <span className="text-ink-3"> · </span>
            {group.place === "engine" && group.bytes > 0 ? <span className="text-ink-3">at least </span> : null}
            <Bytes value={group.bytes} />
          </span>
        </div>
        <p id={`${id}-why`} className="text-ink-2">
          {group.why}.{" "}
          {group.safe ? null : (
            <span className="text-ink-3">Unless somebody chooses it, it does not go by itself.</span>
          )}
          {group.place === "engine" ? <Tag>on the engine’s disk</Tag> : null}
        </p>
        <details className="mt-1">
          <summary className="cursor-pointer text-ink-3 text-xs">
            {group.items_count > group.examples.length ? `The largest ${group.examples.length}` : "What it is"}
          </summary>
          <table className="mt-1 w-full max-w-xl text-xs">
            <caption className="sr-only">{group.what}, the largest first</caption>
            <tbody>
              {group.examples.map((example) => (
                <tr key={example.what}>
                  <td className="py-0.5 pr-3 text-ink-2 [overflow-wrap:anywhere]">{example.what}</td>
                  <td className="w-20 py-0.5 text-right text-ink-2">
                    <Bytes value={example.bytes} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </div>
    </li>
  );
}
