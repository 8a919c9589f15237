import { type FormEvent, useId, useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import type { RunFilters } from "~/api/run-filters";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { asSaved } from "../filters/filters";
import { FilterWordsList } from "./filter-words-list";
import { useSavedFilters } from "./use-saved-filters";

export const LONGEST_NAME = 60;

export function SaveDialog({ filters, onClose }: { filters: RunFilters; onClose: () => void }) {
  const form = useId();
  const { save } = useSavedFilters();
  const [name, setName] = useState("");
  const taken = save.error instanceof ApiError && save.error.status === 409 ? save.error.message : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = name.trim();
    if (given === "") return;
    save.mutate(
      { name: given, query: asSaved(filters) },
      {
        onSuccess: () => {
          toast(`Saved as “${given}”`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Save these filters"
      description={<FilterWordsList filters={filters} />}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} look="primary" busy={save.isPending} disabled={name.trim() === ""}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" error={taken}>
          {(control) => (
            <Input
              {...control}
              maxLength={LONGEST_NAME}
              autoComplete="off"
              placeholder="Failures of the week"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {save.error && !taken ? <ErrorNotice error={save.error} unchanged="Nothing was saved." /> : null}
      </form>
    </Dialog>
  );
}
