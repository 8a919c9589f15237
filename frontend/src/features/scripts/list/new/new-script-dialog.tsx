// A new script: empty, from a template, or from files that are there already.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { Segmented } from "~/components/ui/segmented";
import { createFrom, templatesQuery } from "../../requests";
import { parseTags } from "../../tags";
import { aboutName } from "../script-dialogs";
import type { WayToBegin } from "../search";
import { ImportPanel } from "./import-panel";
import { TemplateCards } from "./template-cards";
import type { Imports } from "./use-imports";

interface NewScriptDialogProps {
  way: WayToBegin;
  onWay: (way: WayToBegin) => void;
  onClose: () => void;
  imports: Imports;
}

const WAYS = [
  { value: "blank", label: "Blank" },
  { value: "template", label: "From a template" },
  { value: "import", label: "Import" },
] as const;

const ABOUT: Record<WayToBegin, string> = {
  blank: "It gets a folder of its own with a main.py to start from.",
  template: "A program that works, with its packages named. Change what is yours.",
  import: "A single file becomes main.py; an archive becomes the script's folder as it is.",
};

export function NewScriptDialog({ way, onWay, onClose, imports }: NewScriptDialogProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState("");
  const [picked, setPicked] = useState<string | null>(null);
  const templates = useQuery({ ...templatesQuery, enabled: way === "template" });
  const offered = templates.data?.filter(({ id }) => id !== "blank") ?? [];
  const template = way === "template" ? (offered.find(({ id }) => id === picked) ?? null) : null;

  const create = useMutation({
    mutationFn: createFrom,
    onSuccess: async (script) => {
      queryClient.setQueryData(["script", script.id], script);
      for (const key of ["scripts", "tags", "dashboard"]) void queryClient.invalidateQueries({ queryKey: [key] });
      // Leaving the list closes the dialog; going back leads to the list, not to the dialog.
      await navigate({ to: "/scripts/$scriptId/code", params: { scriptId: script.id }, replace: true });
    },
  });
  const wrong = aboutName(create.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      name: name.trim(),
      description: description.trim(),
      tags: parseTags(tags),
      ...(template ? { template: template.id } : {}),
    });
  };
  const isReady = name.trim() !== "" && (way === "blank" || template !== null);
  return (
    <Dialog
      open
      wide={way !== "blank"}
      onClose={onClose}
      title="New script"
      description={ABOUT[way]}
      footer={
        way === "import" ? (
          <Button onClick={onClose}>{imports.items.length > 0 ? "Done" : "Cancel"}</Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" type="submit" form="new-script" disabled={!isReady} busy={create.isPending}>
              Create
            </Button>
          </>
        )
      }
    >
      <div className="mb-4">
        <Segmented label="Begin with" value={way} onChange={onWay} options={WAYS} />
      </div>
      {way === "import" ? (
        <ImportPanel imports={imports} />
      ) : (
        <form id="new-script" onSubmit={submit} className="flex flex-col gap-4">
          {way === "template" ? (
            <TemplateCards
              templates={offered}
              isPending={templates.isPending}
              error={templates.error}
              onRetry={() => void templates.refetch()}
              picked={template?.id ?? null}
              onPick={setPicked}
            />
          ) : null}
          <Field label="Name" hint={`For example: ${template?.id ?? "nightly-report"}`} error={wrong}>
            {(control) => (
              <Input
                {...control}
                autoFocus
                autoComplete="off"
                maxLength={120}
                value={name}
                onChange={(e) => setName(e.target.value)}
              />
            )}
          </Field>
          <Field label="Description">
            {(control) => (
              <Input
                {...control}
                autoComplete="off"
                value={description}
                onChange={(e) => setDescription(e.target.value)}
              />
            )}
          </Field>
          <Field label="Tags" hint="Separated by commas">
            {(control) => (
              <Input {...control} autoComplete="off" value={tags} onChange={(e) => setTags(e.target.value)} />
            )}
          </Field>
          {create.error && !wrong ? <ErrorNotice error={create.error} unchanged="No script was created." /> : null}
        </form>
      )}
    </Dialog>
  );
}
