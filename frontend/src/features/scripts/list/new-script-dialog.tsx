import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import { createScript } from "~/api/commands";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { parseTags } from "../tags";

export function NewScriptDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState("");
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const create = useMutation({
    mutationFn: createScript,
    onSuccess: async (script) => {
      queryClient.setQueryData(["script", script.id], script);
      void queryClient.invalidateQueries({ queryKey: ["scripts"] });
      // Leaving the list closes the dialog; going back leads to the list, not to the dialog.
      await navigate({ to: "/scripts/$scriptId/code", params: { scriptId: script.id }, replace: true });
    },
  });
  const aboutName = create.error instanceof ApiError && (create.error.status === 409 || create.error.field === "name");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), description: description.trim(), tags: parseTags(tags) });
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="New script"
      description="It gets a folder of its own with a main.py to start from."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form="new-script" disabled={name.trim() === ""} busy={create.isPending}>
            Create
          </Button>
        </>
      }
    >
      <form id="new-script" onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" hint="For example: nightly-report" error={aboutName ? create.error?.message : null}>
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
        {create.error && !aboutName ? <ErrorNotice error={create.error} unchanged="No script was created." /> : null}
      </form>
    </Dialog>
  );
}
