// What the script is called, what its runs may use, and the end of it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { changeScript } from "~/api/commands";
import { scriptQuery, systemQuery } from "~/api/queries";
import { isActive, type Limits, type Script, type ScriptPatch } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { Page, Panel } from "~/components/ui/panel";
import { Select } from "~/components/ui/select";
import { parseTags } from "../tags";
import { useTrash } from "../use-trash";
import { LIMIT_FIELDS, patchOf, shown, textsOf } from "./limits";

export function SettingsTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/settings" });
  const { data: script } = useQuery(scriptQuery(scriptId));
  const { data: system } = useQuery(systemQuery);
  if (!script) return null;
  return (
    <Page narrow className="flex flex-col gap-4">
      <General key={`general-${script.id}`} script={script} />
      <LimitsForm key={`limits-${script.id}`} script={script} defaults={system?.default_limits ?? null} />
      <Danger script={script} />
    </Page>
  );
}

function useChange(script: Script) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (patch: ScriptPatch) => changeScript(script.id, patch),
    onSuccess: (changed) => {
      queryClient.setQueryData(["script", script.id], changed);
      void queryClient.invalidateQueries({ queryKey: ["scripts"] });
      toast("Saved");
    },
  });
}

function General({ script }: { script: Script }) {
  const change = useChange(script);
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

const DEFAULT = "default";

function LimitsForm({ script, defaults }: { script: Script; defaults: Limits | null }) {
  const change = useChange(script);
  const [texts, setTexts] = useState(() => textsOf(script.limits));
  const [network, setNetwork] = useState<Limits["network"] | null>(script.limits.network ?? null);
  const result = patchOf(texts, network, script.limits);
  const wrong = "wrong" in result ? result.wrong : null;
  const before = textsOf(script.limits);
  const changed =
    network !== (script.limits.network ?? null) ||
    LIMIT_FIELDS.some(({ key }) => (texts[key] ?? "").trim() !== (before[key] ?? ""));
  const refused = change.error instanceof ApiError ? change.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if ("patch" in result) change.mutate({ limits: result.patch });
  };
  const network_default = defaults?.network ?? script.effective_limits.network;
  return (
    <Panel title="Limits of a run" actions={<span className="text-ink-3 text-xs">Empty means the default</span>}>
      <form onSubmit={submit}>
        <div className="grid gap-x-4 gap-y-5 p-4 sm:grid-cols-2">
          {LIMIT_FIELDS.map((field) => {
            const usual = defaults?.[field.key];
            return (
              <Field
                key={field.key}
                label={field.label}
                hint={field.effect}
                error={
                  wrong === field.key
                    ? "A number above zero, or nothing."
                    : refused?.field?.endsWith(field.key)
                      ? refused.message
                      : null
                }
              >
                {(control) => (
                  <div className="relative">
                    <Input
                      {...control}
                      inputMode="decimal"
                      className="num pr-16"
                      placeholder={usual == null ? "default" : `${shown(field, usual)} (default)`}
                      value={texts[field.key] ?? ""}
                      onChange={(event) => setTexts({ ...texts, [field.key]: event.target.value })}
                    />
                    <span className="pointer-events-none absolute top-1.5 right-2.5 text-ink-3 text-sm">
                      {field.unit}
                    </span>
                  </div>
                )}
              </Field>
            );
          })}
          <Field label="Network" hint="Without it a run reaches nothing outside its container.">
            {(control) => (
              <Select
                id={control.id}
                value={network ?? DEFAULT}
                onChange={(value) => setNetwork(value === DEFAULT ? null : value)}
                options={[
                  { value: DEFAULT, label: `${network_default === "none" ? "Off" : "On"} (default)` },
                  { value: "bridge", label: "On" },
                  { value: "none", label: "Off" },
                ]}
              />
            )}
          </Field>
          {refused && !refused.field ? (
            <ErrorNotice error={refused} unchanged="The limits stay as they were." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd changed={changed && wrong === null} busy={change.isPending} />
      </form>
    </Panel>
  );
}

const FormEnd = ({ changed, busy }: { changed: boolean; busy: boolean }) => (
  <footer className="flex justify-end border-line border-t px-4 py-2.5">
    <Button type="submit" look="primary" disabled={!changed} busy={busy}>
      Save
    </Button>
  </footer>
);

function Danger({ script }: { script: Script }) {
  const trash = useTrash();
  const navigate = useNavigate();
  const running = script.last_run ? isActive(script.last_run) : false;
  const go = async () => {
    if (await trash(script)) await navigate({ to: "/scripts", search: {} });
  };
  return (
    <Panel title="Delete" danger>
      <div className="flex flex-wrap items-center gap-4 p-4">
        <p className="min-w-0 flex-1 basis-72 text-ink-2 text-sm">
          {running
            ? "A run of it is not over yet. Stop it or wait for its end, then the script can be deleted."
            : "The script goes to the trash with its files and its environment, and can be brought back. Its runs stay in the history."}
        </p>
        <Button look="danger" disabled={running} onClick={() => void go()}>
          Delete script
        </Button>
      </div>
    </Panel>
  );
}
