// How much of the past is kept, as a form with a preview of what would go. One piece for both uses: what holds for all
// scripts, and what one script says instead.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError } from "~/api/client";
import type { Retention } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FormEnd } from "~/components/ui/form-end";
import { useSettled } from "~/lib/use-settled";
import { BoundRow } from "./bound-row";
import { RemovalPreview } from "./removal-preview";
import { type PreviewTerms, previewQuery } from "./requests";
import { BOUNDS, type BoundName, boundNamed, draftOf, isSameRetention, refusalText, retentionOf } from "./retention";

interface RetentionFormProps {
  /** What is set now. */
  set: Retention;
  /** What holds where nothing is set. */
  above: Retention;
  /** The same in words: "Default: 90 days". */
  standards: Record<BoundName, string>;
  hints: Record<BoundName, ReactNode>;
  /** For bounds that are called otherwise here. */
  labels?: Partial<Record<BoundName, string>>;
  /** What the preview is asked for. */
  termsOf: (proposed: Retention) => PreviewTerms;
  save: {
    mutate: (retention: Retention, options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: unknown;
  };
}

const SETTLE_MS = 400;

export function RetentionForm({ set, above, standards, hints, labels, termsOf, save }: RetentionFormProps) {
  const [draft, setDraft] = useState(() => draftOf(set));
  const result = retentionOf(draft, set);
  const wrong = "wrong" in result ? result.wrong : [];
  const proposed = "retention" in result ? result.retention : null;
  const changed = proposed !== null && !isSameRetention(proposed, set);
  // While something cannot be understood, the last that could is shown.
  // As text, which is equal to itself however often it is worked out.
  const settled = JSON.parse(useSettled(JSON.stringify(proposed ?? set), SETTLE_MS)) as Retention;
  const terms = termsOf(settled);
  const preview = useQuery(previewQuery(terms));
  const waiting = changed && (preview.isFetching || !isSameRetention(settled, proposed ?? set));
  const refused = save.error instanceof ApiError ? save.error : null;
  const refusedBound = boundNamed(refused?.field);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (proposed && !waiting) save.mutate(proposed, { onSuccess: () => setDraft(draftOf(proposed)) });
  };
  return (
    <form onSubmit={submit}>
      <div className="flex flex-col">
        {BOUNDS.map((field) => (
          <BoundRow
            key={field.name}
            field={field}
            bound={draft[field.name]}
            label={labels?.[field.name] ?? field.label}
            standard={standards[field.name]}
            bounded={Boolean(above[field.name])}
            hint={hints[field.name]}
            error={
              wrong.includes(field.name)
                ? field.wrong
                : refused && refusedBound === field.name
                  ? refusalText(refused.message, field.name)
                  : null
            }
            onChange={(bound) => setDraft({ ...draft, [field.name]: bound })}
          />
        ))}
      </div>
      <p className="border-line border-t px-4 py-3 text-ink-2 text-sm">
        Always kept: runs that are not over, runs marked Keep, the last success and the last failure of each script, and
        the build of an environment in use. A run goes with its log and its artifacts.
      </p>
      <RemovalPreview query={preview} changed={changed} waiting={waiting} ofOne={terms.script !== undefined} />
      {save.error && refusedBound === null ? (
        <ErrorNotice error={save.error} unchanged="As much is kept as before." className="m-4" />
      ) : null}
      <FormEnd
        changed={changed && !waiting}
        busy={save.isPending}
        note="What goes beyond it is removed in the background, and cannot be brought back."
      />
    </form>
  );
}
