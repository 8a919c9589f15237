// Below a panel: what was changed in it last. Nothing where nothing ever was.
import { Link } from "@tanstack/react-router";
import { History } from "lucide-react";
import type { SettingsView } from "~/api/types";
import { RelativeTime } from "~/components/ui/time";
import { fieldName, newest, valueText } from "./changes";

interface LastChangeProps {
  settings: SettingsView;
  /** Paths of the panel's fields, or what they lie below. */
  fields: readonly string[];
}

export function LastChange({ settings, fields }: LastChangeProps) {
  const change = newest(settings.changes, fields);
  if (!change) return null;
  return (
    <p className="-mt-2 flex items-baseline gap-1.5 px-1 text-ink-3 text-xs" data-testid="last-change">
      <History aria-hidden className="size-3 shrink-0 translate-y-0.5" />
      <span className="min-w-0 break-words">
        Changed <RelativeTime at={change.at} />: {fieldName(change.field)}, {valueText(change.field, change.from)} →{" "}
        {valueText(change.field, change.to)}.{" "}
        <Link
          to="/settings/$section"
          params={{ section: "system" }}
          hash="changes"
          className="whitespace-nowrap rounded-sm hover:text-accent-ink hover:underline"
        >
          All changes
        </Link>
      </span>
    </p>
  );
}
