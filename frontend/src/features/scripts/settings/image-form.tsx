// Which image, and so which Python, a script is run in.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { imagesQuery } from "~/api/queries";
import type { RunnerImage, Script } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { Select } from "~/components/ui/select";
import { useChangeScript } from "./use-change-script";

/** Stands for the instance's own; no image has an empty name. */
const OWN = "own";

const label = (image: RunnerImage) => `${image.python ? `Python ${image.python}` : "Python unknown"} · ${image.name}`;

export function ImageForm({ script }: { script: Script }) {
  const { data } = useQuery(imagesQuery);
  const change = useChangeScript(script);
  const now = script.image ? `named ${script.image}` : OWN;
  const [chosen, setChosen] = useState(now);
  const own = data?.items.find((image) => image.own);
  const usable = data?.items.filter((image) => !image.own && (image.digest != null || image.name === script.image));
  const options = [
    { value: OWN, label: own ? `${label(own)} (instance's own)` : "The instance's own" },
    ...(usable ?? []).map((image) => ({ value: `named ${image.name}`, label: label(image) })),
  ];
  if (script.image && data && !options.some((option) => option.value === now))
    options.push({ value: now, label: `${script.image} (no longer there)` });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ image: chosen === OWN ? null : chosen.slice("named ".length) });
  };
  return (
    <Panel id="image" title="Python">
      <form onSubmit={submit}>
        <div className="p-4">
          <Field
            label="Image"
            hint={
              <>
                Others are added in{" "}
                <Link
                  to="/settings/$section"
                  params={{ section: "images" }}
                  className="text-accent-ink underline-offset-2 hover:underline"
                >
                  Settings, Images
                </Link>
                .
              </>
            }
          >
            {(control) => (
              <Select id={control.id} value={chosen} onChange={setChosen} options={options} className="w-full" />
            )}
          </Field>
          {change.error ? (
            <ErrorNotice error={change.error} unchanged="The script keeps its image." className="mt-4" />
          ) : null}
        </div>
        <FormEnd
          changed={chosen !== now}
          busy={change.isPending}
          note="A script with packages runs as it does now until they are installed for the new image."
        />
      </form>
    </Panel>
  );
}
