// What every script gets, as one script has it: which of it the script's own list goes before.
import { Link } from "@tanstack/react-router";
import { Button } from "~/components/ui/button";
import { cn } from "~/lib/cn";
import type { Inherited } from "./requests";

interface InheritedListProps {
  inherited: readonly Inherited[];
  /** In the script's own list, as it is edited. */
  names: ReadonlySet<string>;
  onOverride: (variable: Inherited) => void;
}

export const InheritedList = ({ inherited, names, onOverride }: InheritedListProps) => (
  <section aria-label="From the settings" className="border-line border-t">
    <div className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 pt-3 pb-1">
      <h3 className="font-medium text-sm">From the settings, as every script</h3>
      <Link
        to="/settings/$section"
        params={{ section: "variables" }}
        className="rounded-sm text-accent-ink text-xs hover:underline"
      >
        For all scripts
      </Link>
    </div>
    <ul className="pb-1.5">
      {inherited.map((one) => {
        const overridden = names.has(one.name);
        return (
          <li key={one.name} className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1 text-sm">
            <code
              className={cn("num w-36 shrink-0 truncate sm:w-44", overridden && "text-ink-3 line-through")}
              title={one.name}
            >
              {one.name}
            </code>
            <span className="num min-w-0 flex-1 basis-16 truncate text-ink-3" title={one.description}>
              {one.secret ? (one.to_be_entered ? "to be entered" : "••••••••") : one.value}
            </span>
            {overridden ? (
              <span className="text-ink-3 text-xs">the script's own goes before it</span>
            ) : (
              <Button size="sm" look="quiet" aria-label={`Override ${one.name}`} onClick={() => onOverride(one)}>
                Override
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  </section>
);
