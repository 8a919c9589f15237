// What a receiver gets, of an example of each event: headers and body, as text.
import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { Skeleton } from "~/components/ui/panel";
import { Select } from "~/components/ui/select";
import { cn } from "~/lib/cn";
import { errorText } from "~/lib/format";
import type { HookEvent } from "../contract";
import type { Draft } from "../form";
import { EVENTS } from "../formats";
import { SentText } from "../log/sent-text";
import { usePreview } from "./use-preview";

export function Sent({ draft }: { draft: Draft }) {
  const own = draft.format === "template";
  const [open, setOpen] = useState(false);
  const shown = open || own;
  return (
    <div className="min-w-0">
      {own ? null : (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="flex items-center gap-1 rounded-sm text-ink-2 text-sm hover:text-ink"
        >
          <ChevronRight aria-hidden className={cn("size-4 transition-transform duration-100", open && "rotate-90")} />
          Show an example
        </button>
      )}
      {shown ? <Example draft={draft} /> : null}
    </div>
  );
}

function Example({ draft }: { draft: Draft }) {
  const [chosen, setChosen] = useState<HookEvent | null>(null);
  const event = chosen ?? draft.events[0] ?? "failed";
  const { asked, settled } = usePreview(draft, event);
  const { data, error, isFetching } = useQuery({ ...asked, placeholderData: (previous) => previous });
  const stale = isFetching || !settled;
  return (
    <div className="mt-2 min-w-0">
      <div className="flex items-center gap-2 text-sm">
        <span className="text-ink-2">Example of</span>
        <Select<HookEvent>
          label="Event of the example"
          className="w-36"
          value={event}
          onChange={setChosen}
          options={EVENTS.map((each) => ({ value: each.event, label: each.name }))}
        />
      </div>
      <div className={cn("mt-2 transition-opacity duration-100", stale && "opacity-60")} aria-busy={stale}>
        {error ? (
          // Of a template it stands at its field, with its line.
          draft.format === "template" ? (
            <p className="text-ink-3 text-sm">Shown once the template can be read.</p>
          ) : (
            <p className="text-fail text-sm">{errorText(error)}</p>
          )
        ) : data ? (
          <SentText label="Body" headers={data.headers} body={data.body} />
        ) : (
          <Skeleton className="h-28" />
        )}
      </div>
    </div>
  );
}
