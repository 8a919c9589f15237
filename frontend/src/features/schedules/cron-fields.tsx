// Again and again: expression, quick picks, time of day, zone, and what the server makes of them as they are typed.
import { useQuery } from "@tanstack/react-query";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { Field, Input } from "~/components/ui/field";
import { errorText } from "~/lib/format";
import { ExpressionField } from "./expression-field";
import { FirePreview } from "./fire-preview";
import { type Draft, EARLY, type Errors, PICKS, timeOf, withTime } from "./form";
import { previewQuery } from "./requests";
import { useSettled } from "./use-settled";
import { ZoneField } from "./zone-field";

interface CronFieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Errors;
}

export function CronFields({ draft, set, errors }: CronFieldsProps) {
  const expression = useSettled(draft.expression.trim());
  const preview = useQuery({ ...previewQuery(expression, draft.zone), enabled: expression !== "" });
  const current = expression === draft.expression.trim();
  const refusal = current ? preview.error : null;
  const field = refusal instanceof ApiError ? refusal.field : null;
  const time = timeOf(draft.expression);
  const two = (value: number) => String(value).padStart(2, "0");
  return (
    <>
      <ExpressionField
        value={draft.expression}
        onChange={(typed) => set({ expression: typed })}
        refusal={refusal}
        error={errors.expression ?? (field === "expression" ? errorText(refusal) : null)}
      />
      <fieldset className="-mt-1 flex flex-wrap items-center gap-1.5">
        <legend className="sr-only">Quick picks</legend>
        {PICKS.map((pick) => (
          <Button key={pick.label} size="sm" onClick={() => set({ expression: pick.expression(time ?? EARLY) })}>
            {pick.label}
          </Button>
        ))}
      </fieldset>
      <div className="flex flex-wrap gap-4">
        <ZoneField
          className="min-w-56 flex-1"
          value={draft.zone}
          onChange={(zone) => set({ zone })}
          hint="Its clocks count, summer time included."
          error={errors.zone ?? (field === "timezone" ? errorText(refusal) : null)}
        />
        {time ? (
          <Field label="Time of day" hint="Written into the expression.">
            {(control) => (
              <Input
                {...control}
                type="time"
                className="num max-w-36"
                value={`${two(time.hour)}:${two(time.minute)}`}
                onChange={(event) =>
                  event.target.value ? set({ expression: withTime(draft.expression, event.target.value) }) : undefined
                }
              />
            )}
          </Field>
        ) : null}
      </div>
      <FirePreview
        zone={draft.zone}
        preview={preview.data}
        refused={field !== null || expression === ""}
        error={field === null ? refusal : null}
      />
    </>
  );
}
