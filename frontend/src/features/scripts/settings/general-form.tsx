// What the script is called, and which of its files runs.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import type { Script } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { parseTags } from "../tags";
import { useChangeScript } from "./use-change-script";

export function GeneralForm({ script }: { script: Script }) {
  const change = useChangeScript(script);
  const [name, setName] = useState(script.name);
  const [description, setDescription] = useState(script.description);
  const [tags, setTags] = useState(script.tags.join(", "));
  const [entry, setEntry] = useState(script.entry_point);
  const field = change.error instanceof ApiError ? (change.error.status === 409 ? "name" : change.error.field) : null;
  const about = (which: string) => (field === which ? change.error?.message : null);
  const changed =
    name !== script.name ||
    description !== script.description ||
    entry !== script.entry_point ||
    parseTags(tags).join() !== script.tags.join();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({
      name: name.trim(),
      description: description.trim(),
      tags: parseTags(tags),
      entry_point: entry.trim(),
    });
  };
  return (
    <Panel title="General">
      <form onSubmit={submit}>
        <div className="grid gap-4 p-4 sm:grid-cols-2">
          <Field
            label="Name"
            error={about("name")}
            hint={
              <>
                Folder: <span className="num">{script.slug}</span>, which stays
              </>
            }
          >
            {(control) => (
              <Input {...control} value={name} onChange={(e) => setName(e.target.value)} autoComplete="off" />
            )}
          </Field>
          <Field label="File that runs" error={about("entry_point")} hint="A path in the script's folder">
            {(control) => (
              <Input
                {...control}
                className="font-mono"
                value={entry}
                onChange={(e) => setEntry(e.target.value)}
                spellCheck={false}
              />
            )}
          </Field>
          <Field label="Description" error={about("description")} className="sm:col-span-2">
            {(control) => (
              <Input
                {...control}
                value={description}
                onChange={(e) => setDescription(e.target.value)}
                autoComplete="off"
              />
            )}
          </Field>
          <Field label="Tags" error={about("tags")} hint="Separated by commas" className="sm:col-span-2">
            {(control) => (
              <Input {...control} value={tags} onChange={(e) => setTags(e.target.value)} autoComplete="off" />
            )}
          </Field>
          {change.error && !["name", "entry_point", "description", "tags"].includes(field ?? "") ? (
            <ErrorNotice error={change.error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd changed={changed && name.trim() !== ""} busy={change.isPending} />
      </form>
    </Panel>
  );
}
