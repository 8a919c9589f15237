// Once: a day and a time on the clocks of a zone.
import { Field, Input } from "~/components/ui/field";
import { RelativeTime } from "~/components/ui/time";
import type { Draft, Errors } from "./form";
import { instantOf } from "./wall-time";
import { ZoneField } from "./zone-field";
import { momentIn, viewerZone } from "./zoned";

interface OnceFieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Errors;
}

export function OnceFields({ draft, set, errors }: OnceFieldsProps) {
  const at = instantOf(draft.local, draft.zone);
  const others = [...new Set([viewerZone(), "UTC"])].filter((zone) => zone !== draft.zone);
  return (
    <>
      <div className="flex flex-wrap gap-4">
        <Field label="Day and time" error={errors.local}>
          {(control) => (
            <Input
              {...control}
              type="datetime-local"
              className="num max-w-60"
              value={draft.local}
              onChange={(event) => set({ local: event.target.value })}
            />
          )}
        </Field>
        <ZoneField
          className="min-w-56 flex-1"
          value={draft.zone}
          onChange={(zone) => set({ zone })}
          error={errors.zone}
        />
      </div>
      <p className="min-h-5 text-ink-2 text-sm">
        {at ? (
          <>
            That is <RelativeTime at={at} />
            {others.map((zone) => `, ${momentIn(at, zone)} ${zone === "UTC" ? "UTC" : `in ${zone}`}`).join("")}.
          </>
        ) : null}
      </p>
    </>
  );
}
