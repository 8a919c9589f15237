// Filters under a name: choose one, save the present ones, change the list.
import { useQuery } from "@tanstack/react-query";
import { Bookmark, Check, Pencil, Plus } from "lucide-react";
import { useState } from "react";
import type { RunFilters } from "~/api/run-filters";
import { Button } from "~/components/ui/button";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { isNarrowed, isSame, parseFilters } from "../filters/filters";
import { savedFiltersQuery } from "../requests";
import { EditDialog } from "./edit-dialog";
import { SaveDialog } from "./save-dialog";

interface SavedMenuProps {
  filters: RunFilters;
  onChoose: (filters: RunFilters) => void;
}

export function SavedMenu({ filters, onChoose }: SavedMenuProps) {
  const { data: saved = [] } = useQuery(savedFiltersQuery);
  const [dialog, setDialog] = useState<"save" | "edit" | null>(null);
  const current = saved.find((each) => isSame(parseFilters(each.query), filters));
  const close = () => setDialog(null);
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" className="max-w-56">
            <Bookmark aria-hidden className={current ? "fill-current text-accent-ink" : ""} />
            <span className="truncate-line">{current?.name ?? "Saved"}</span>
          </Button>
        }
      >
        {saved.length === 0 ? (
          <p className="max-w-64 px-2 py-1.5 text-ink-3 text-sm">
            Filters that you need again can be saved under a name.
          </p>
        ) : null}
        {saved.map((each) => (
          <MenuItem key={each.id} onSelect={() => onChoose(parseFilters(each.query))}>
            {each.id === current?.id ? <Check aria-hidden /> : <span aria-hidden className="size-3.5" />}
            <span className="truncate-line max-w-60">{each.name}</span>
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuItem disabled={!isNarrowed(filters) || current !== undefined} onSelect={() => setDialog("save")}>
          <Plus aria-hidden /> Save these filters…
        </MenuItem>
        {saved.length > 0 ? (
          <MenuItem onSelect={() => setDialog("edit")}>
            <Pencil aria-hidden /> Edit saved filters…
          </MenuItem>
        ) : null}
      </Menu>
      {dialog === "save" ? <SaveDialog filters={filters} onClose={close} /> : null}
      {dialog === "edit" ? <EditDialog saved={saved} filters={filters} onClose={close} /> : null}
    </>
  );
}
