// A list of variables and secrets: edited as a whole, saved as a whole.
import { FileUp, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FormEnd } from "~/components/ui/form-end";
import { Empty } from "~/components/ui/panel";
import { isChanged, newRow, problemOf, type Row, rowsOf, wishesOf, withEntries } from "./draft";
import { ImportDialog } from "./import-dialog";
import { InheritedList } from "./inherited-list";
import type { Inherited, Variable, Wish } from "./requests";
import { VariableRow } from "./variable-row";

interface VariablesFormProps {
  stored: readonly Variable[];
  /** Of every script, where this list is one script's. */
  inherited?: readonly Inherited[];
  empty: string;
  save: {
    mutate: (items: Wish[], options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: Error | null;
    reset: () => void;
  };
}

export function VariablesForm({ stored, inherited, empty, save }: VariablesFormProps) {
  // Until something is typed, what is stored is shown, also when it changes meanwhile.
  const [draft, setDraft] = useState<Row[] | null>(null);
  const [fresh, setFresh] = useState({ stored, rows: rowsOf(stored) });
  const [importing, setImporting] = useState(false);
  if (fresh.stored !== stored) setFresh({ stored, rows: rowsOf(stored) });
  const rows = draft ?? fresh.rows;
  const edit = (next: Row[]) => {
    if (save.error) save.reset();
    setDraft(next);
  };
  const put = (row: Row) => edit(rows.map((each) => (each.key === row.key ? row : each)));
  const problems = rows.map((row) => problemOf(row, rows));
  const refused = save.error instanceof ApiError ? save.error.details.name : undefined;
  const changed = isChanged(rows, stored);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(wishesOf(rows), { onSuccess: () => setDraft(null) });
  };
  return (
    <form onSubmit={submit}>
      {rows.length > 0 ? (
        <ul className="divide-y divide-line">
          {rows.map((row, index) => (
            <VariableRow
              key={row.key}
              row={row}
              problem={
                problems[index] ?? (refused && refused === row.name.trim() ? (save.error?.message ?? null) : null)
              }
              onChange={put}
              onRemove={() => edit(rows.filter((each) => each !== row))}
            />
          ))}
        </ul>
      ) : (
        <Empty title="No variables yet" className="py-6">
          {empty}
        </Empty>
      )}
      {save.error && !rows.some((row) => row.name.trim() === refused) ? (
        <ErrorNotice error={save.error} unchanged="Nothing was changed." className="mx-4 mb-3" />
      ) : null}
      <div className="flex flex-wrap gap-2 border-line border-t px-4 py-2.5">
        <Button size="sm" onClick={() => edit([...rows, newRow()])}>
          <Plus aria-hidden /> Add a variable
        </Button>
        <Button size="sm" look="quiet" onClick={() => setImporting(true)}>
          <FileUp aria-hidden /> Paste a .env
        </Button>
      </div>
      {inherited && inherited.length > 0 ? (
        <InheritedList
          inherited={inherited}
          names={new Set(rows.map((row) => row.name.trim()))}
          onOverride={(one) =>
            edit([...rows, newRow({ name: one.name, secret: one.secret, description: one.description })])
          }
        />
      ) : null}
      <FormEnd
        changed={changed && problems.every((problem) => problem === null)}
        busy={save.isPending}
        note="Runs that start from then on get them; what runs already keeps what it got."
      />
      {importing ? (
        <ImportDialog
          onClose={() => setImporting(false)}
          onImport={(entries) => {
            setImporting(false);
            edit(withEntries(rows, entries));
          }}
        />
      ) : null}
    </form>
  );
}
