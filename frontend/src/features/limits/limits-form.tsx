// The limits of a run as a form. One piece for both uses: what a script asks for, and what Settings give to scripts
// that ask for nothing.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { Engine, LimitName, Limits, LimitsPatch } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Select } from "~/components/ui/select";
import {
  LIMIT_FIELDS,
  type LimitField,
  limitOf,
  limitText,
  machineBound,
  networkWord,
  patchOf,
  refusalText,
  textsOf,
  unenforced,
} from "./limits";
import { QuantityField } from "./quantity-field";

interface LimitsFormProps {
  /** What is set now. */
  set: LimitsPatch;
  /** What holds where nothing is set. */
  defaults: Limits | null;
  engine: Engine | undefined;
  save: {
    mutate: (patch: LimitsPatch, options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: unknown;
  };
  /** The limit that the reader came for. */
  focus?: LimitName | null | undefined;
  note: string;
}

const DEFAULT = "default";
const sorted = (patch: LimitsPatch) =>
  JSON.stringify(
    Object.entries(patch)
      .filter(([, v]) => v != null)
      .sort(),
  );

export function LimitsForm({ set, defaults, engine, save, focus, note }: LimitsFormProps) {
  const [texts, setTexts] = useState(() => textsOf(set));
  const [network, setNetwork] = useState<Limits["network"] | null>(set.network ?? null);
  const result = patchOf(texts, network, set);
  const wrong = "wrong" in result ? result.wrong : null;
  const changed = "patch" in result && sorted(result.patch) !== sorted(set);
  const refused = save.error instanceof ApiError ? save.error : null;
  const refusedLimit = limitOf(refused?.field);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if ("wrong" in result) return;
    const { patch } = result;
    save.mutate(patch, { onSuccess: () => setTexts(textsOf(patch)) });
  };
  const errorOf = (field: LimitField): string | null => {
    if (wrong === field) return field.zero ? "A number, or nothing." : "A number above zero, or nothing.";
    return refused && refusedLimit === field.key ? refusalText(refused.message, field.key) : null;
  };
  return (
    <form onSubmit={submit}>
      <div className="grid gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
        {LIMIT_FIELDS.map((field) => (
          <QuantityField
            key={field.key}
            label={field.label}
            quantity={field.quantity}
            text={texts[field.key] ?? ""}
            onChange={(text) => setTexts({ ...texts, [field.key]: text })}
            standard={defaults ? limitText(field.key, defaults[field.key]) : null}
            hint={<Hint field={field} engine={engine} />}
            error={errorOf(field)}
            focus={focus === field.key || refusedLimit === field.key}
          />
        ))}
        <Field label="Network" hint="Without it a run reaches nothing outside its container.">
          {(control) => (
            <Select
              id={control.id}
              value={network ?? DEFAULT}
              onChange={(value) => setNetwork(value === DEFAULT ? null : value)}
              options={[
                { value: DEFAULT, label: defaults ? `${networkWord(defaults.network)} (default)` : "Default" },
                { value: "bridge", label: networkWord("bridge") },
                { value: "none", label: networkWord("none") },
              ]}
            />
          )}
        </Field>
        {save.error && refusedLimit === null ? (
          <ErrorNotice error={save.error} unchanged="The limits stay as they were." className="sm:col-span-2" />
        ) : null}
      </div>
      <FormEnd changed={changed} busy={save.isPending} note={note} />
    </form>
  );
}

function Hint({ field, engine }: { field: LimitField; engine: Engine | undefined }) {
  const broken = unenforced(field.key, engine);
  return (
    <>
      {field.effect} {machineBound(field.key, engine)}
      {broken ? <span className="block text-skip">This engine does not hold it: {broken}.</span> : null}
    </>
  );
}
