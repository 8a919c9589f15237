// The list of saved filters: rename, replace by the present ones, delete.
import { Check, Replace, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import type { RunFilters } from "~/api/run-filters";
import { Button, IconButton } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { toastError } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import type { SavedFilter } from "../contract";
import { asSaved, isNarrowed, isSame, parseFilters } from "../filters/filters";
import { FilterWordsList } from "./filter-words-list";
import { LONGEST_NAME } from "./save-dialog";
import { useSavedFilters } from "./use-saved-filters";

interface EditDialogProps {
  saved: readonly SavedFilter[];
  /** The present ones. */
  filters: RunFilters;
  onClose: () => void;
}

export const EditDialog = ({ saved, filters, onClose }: EditDialogProps) => (
  <Dialog open onClose={onClose} title="Saved filters" footer={<Button onClick={onClose}>Close</Button>}>
    {saved.length === 0 ? <p className="text-ink-3 text-sm">None is left.</p> : null}
    <ul className="flex flex-col gap-4">
      {saved.map((each) => (
        <SavedRow key={each.id} saved={each} filters={filters} />
      ))}
    </ul>
  </Dialog>
);

function SavedRow({ saved, filters }: { saved: SavedFilter; filters: RunFilters }) {
  const { change, remove, save } = useSavedFilters();
  const [name, setName] = useState(saved.name);
  const renamed = name.trim() !== "" && name.trim() !== saved.name;
  const rename = (event: FormEvent) => {
    event.preventDefault();
    if (!renamed) return;
    change.mutate(
      { id: saved.id, name: name.trim() },
      { onError: (error) => toastError(error, `It is still called “${saved.name}”.`) },
    );
  };
  const replace = () =>
    change.mutate(
      { id: saved.id, query: asSaved(filters) },
      {
        onSuccess: () => toast(`“${saved.name}” holds the present filters`),
        onError: (error) => toastError(error, "It holds what it held."),
      },
    );
  const forget = () =>
    remove.mutate(saved.id, {
      onSuccess: () =>
        toast(`“${saved.name}” is deleted`, {
          action: { label: "Undo", onClick: () => save.mutate({ name: saved.name, query: saved.query }) },
        }),
      onError: (error) => toastError(error, "It is still there."),
    });
  const present = isSame(parseFilters(saved.query), filters);
  return (
    <li>
      <form onSubmit={rename} className="flex items-center gap-1">
        <Input
          aria-label={`Name of ${saved.name}`}
          maxLength={LONGEST_NAME}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <IconButton type="submit" label={`Rename ${saved.name}`} disabled={!renamed || change.isPending}>
          <Check />
        </IconButton>
        <IconButton
          label={`Replace ${saved.name} by the present filters`}
          disabled={present || !isNarrowed(filters) || change.isPending}
          onClick={replace}
        >
          <Replace />
        </IconButton>
        <IconButton label={`Delete ${saved.name}`} disabled={remove.isPending} onClick={forget}>
          <Trash2 />
        </IconButton>
      </form>
      <p className="mt-1 px-0.5 text-xs">
        <FilterWordsList filters={parseFilters(saved.query)} />
      </p>
    </li>
  );
}
