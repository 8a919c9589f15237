// The dialogs about one script: another name, and a copy.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { changeScript } from "~/api/commands";
import { Button } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { plural } from "~/lib/format";
import type { ListedScript } from "../contract";
import { duplicateScript } from "../requests";

/** A refusal that is about the name, as a sentence for its field. */
export const aboutName = (error: unknown): string | null =>
  error instanceof ApiError && (error.code === "name_taken" || error.field === "name") ? error.message : null;

const MOST = 120;

interface DialogProps {
  script: ListedScript;
  onClose: () => void;
}

export function RenameDialog({ script, onClose }: DialogProps) {
  const queryClient = useQueryClient();
  const [name, setName] = useState(script.name);
  const [description, setDescription] = useState(script.description);
  const change = useMutation({
    mutationFn: () => changeScript(script.id, { name: name.trim(), description: description.trim() }),
    onSuccess: (changed) => {
      queryClient.setQueryData(["script", script.id], changed);
      for (const key of ["scripts", "schedules", "dashboard", "runs"])
        void queryClient.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  const wrong = aboutName(change.error);
  const isSame = name.trim() === script.name && description.trim() === script.description;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Rename script"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            form="rename-script"
            disabled={name.trim() === "" || isSame}
            busy={change.isPending}
          >
            Save
          </Button>
        </>
      }
    >
      <form id="rename-script" onSubmit={submit} className="flex flex-col gap-4">
        <Field
          label="Name"
          error={wrong}
          hint={
            <>
              Its folder stays <span className="num">{script.slug}</span>
            </>
          }
        >
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              maxLength={MOST}
              value={name}
              onChange={(event) => setName(event.target.value)}
              onFocus={(event) => event.target.select()}
            />
          )}
        </Field>
        <Field label="Description">
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          )}
        </Field>
        {change.error && !wrong ? <ErrorNotice error={change.error} unchanged="Nothing was changed." /> : null}
      </form>
    </Dialog>
  );
}

export function DuplicateDialog({ script, onClose }: DialogProps) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [schedules, setSchedules] = useState(false);
  const copy = useMutation({
    mutationFn: () =>
      duplicateScript(script.id, {
        ...(name.trim() ? { name: name.trim() } : {}),
        ...(schedules ? { schedules } : {}),
      }),
    onSuccess: (made) => {
      for (const key of ["scripts", "tags", "dashboard", "schedules"])
        void queryClient.invalidateQueries({ queryKey: [key] });
      toast(`“${made.name}” is there`, {
        action: {
          label: "Open",
          onClick: () => void navigate({ to: "/scripts/$scriptId/code", params: { scriptId: made.id } }),
        },
      });
      onClose();
    },
  });
  const wrong = aboutName(copy.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    copy.mutate();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Duplicate ${script.name}`}
      description="The copy gets the files, packages, limits, tags and policies as they are now. Runs stay with the original."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form="duplicate-script" busy={copy.isPending}>
            Duplicate
          </Button>
        </>
      }
    >
      <form id="duplicate-script" onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name of the copy" error={wrong} hint="Left empty, it is called after the original.">
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              maxLength={MOST}
              placeholder={`${script.name} copy`}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {script.schedules > 0 ? (
          // biome-ignore lint/a11y/noLabelWithoutControl: the box is within it.
          <label className="flex items-start gap-2 text-sm">
            <Checkbox
              checked={schedules}
              onChange={(event) => setSchedules(event.target.checked)}
              className="mt-0.5 shrink-0"
            />
            <span>
              Also its {plural(script.schedules, "schedule")}
              <span className="block text-ink-3 text-xs">Switched off, so that nothing runs twice.</span>
            </span>
          </label>
        ) : null}
        {copy.error && !wrong ? <ErrorNotice error={copy.error} unchanged="No copy was made." /> : null}
      </form>
    </Dialog>
  );
}
