// All tags: their colour, their name, how many scripts have them. A change is one of all those scripts.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import { SkeletonRows } from "~/components/ui/panel";
import { Popover, PopoverTrigger } from "~/components/ui/popover";
import { TAG_COLOURS, Tag, type TagColour, TagDot } from "~/components/ui/tag";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import type { TagView } from "../../contract";
import { changeTag, deleteTag, tagsQuery } from "../../requests";
import { wrongTag } from "./plan";

interface TagsDialogProps {
  open: boolean;
  onClose: () => void;
  /** A tag that a filter names may get another name, or go. */
  onRenamed: (from: string, to: string | null) => void;
}

export function TagsDialog({ open, onClose, onRenamed }: TagsDialogProps) {
  const { data, error, refetch } = useQuery({ ...tagsQuery, enabled: open });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Tags"
      description="A tag is there as long as a script has it. Its colour and name are the same everywhere."
    >
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : null}
      {data || error ? null : <SkeletonRows rows={4} height={40} />}
      {data?.length === 0 ? (
        <p className="py-2 text-ink-3 text-sm">
          No script has a tag yet. Choose scripts in the list with the boxes, press Tags, and type one.
        </p>
      ) : null}
      {data && data.length > 0 ? (
        <ul className="-mx-2 flex flex-col">
          {data.map((tag) => (
            <TagRow key={tag.name} tag={tag} all={data} onRenamed={onRenamed} />
          ))}
        </ul>
      ) : null}
    </Dialog>
  );
}

interface TagRowProps {
  tag: TagView;
  all: readonly TagView[];
  onRenamed: TagsDialogProps["onRenamed"];
}

function TagRow({ tag, all, onRenamed }: TagRowProps) {
  const queryClient = useQueryClient();
  const [mode, setMode] = useState<"shown" | "rename" | "delete">("shown");
  const refresh = () => {
    for (const key of ["tags", "scripts", "script", "runs"]) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  const change = useMutation({
    mutationFn: (body: Parameters<typeof changeTag>[1]) => changeTag(tag.name, body),
    onSuccess: (_, body) => {
      refresh();
      setMode("shown");
      if (body.name) onRenamed(tag.name, body.name);
    },
  });
  const remove = useMutation({
    mutationFn: () => deleteTag(tag.name),
    onSuccess: () => {
      refresh();
      onRenamed(tag.name, null);
    },
  });
  const error = change.error ?? remove.error;
  return (
    <li className="rounded-md px-2 py-1 hover:bg-hover">
      {mode === "rename" ? (
        <Rename tag={tag} all={all} busy={change.isPending} onSave={change.mutate} onCancel={() => setMode("shown")} />
      ) : (
        <div className="flex min-h-8 items-center gap-2 text-sm">
          <ColourButton tag={tag} onChoose={(colour) => change.mutate({ colour })} />
          <Tag colour={tag.colour}>{tag.name}</Tag>
          <span className="ml-auto text-ink-3 tabular-nums">{plural(tag.scripts, "script")}</span>
          <IconButton label={`Rename ${tag.name}`} onClick={() => setMode("rename")}>
            <Pencil />
          </IconButton>
          <IconButton label={`Delete ${tag.name}`} onClick={() => setMode("delete")}>
            <Trash2 />
          </IconButton>
        </div>
      )}
      {mode === "delete" ? (
        <div className="flex flex-wrap items-center gap-2 pb-1 text-sm">
          <span className="min-w-0 flex-1 basis-52 text-ink-2">
            It is taken from {plural(tag.scripts, "script")}. The scripts stay.
          </span>
          <Button size="sm" onClick={() => setMode("shown")}>
            Cancel
          </Button>
          <Button size="sm" look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete tag
          </Button>
        </div>
      ) : null}
      {error ? <ErrorNotice error={error} unchanged="The tag is as it was." className="my-1" /> : null}
    </li>
  );
}

interface RenameProps {
  tag: TagView;
  all: readonly TagView[];
  busy: boolean;
  onSave: (body: { name: string }) => void;
  onCancel: () => void;
}

function Rename({ tag, all, busy, onSave, onCancel }: RenameProps) {
  const [name, setName] = useState(tag.name);
  const wanted = name.trim();
  const wrong = wrongTag(wanted);
  const other = wanted === tag.name ? undefined : all.find((each) => each.name === wanted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted !== "" && wanted !== tag.name && !wrong) onSave({ name: wanted });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-1.5 py-0.5">
      <div className="flex items-center gap-2">
        <Input
          autoFocus
          aria-label={`Name of ${tag.name}`}
          aria-invalid={Boolean(wrong)}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            // Only the field closes, not the dialog around it.
            event.stopPropagation();
            event.nativeEvent.stopImmediatePropagation();
            onCancel();
          }}
        />
        <Button onClick={onCancel}>Cancel</Button>
        <Button
          look="primary"
          type="submit"
          busy={busy}
          disabled={wanted === "" || wanted === tag.name || Boolean(wrong)}
        >
          {other ? "Merge" : "Rename"}
        </Button>
      </div>
      {wrong ? <p className="text-fail text-xs">{wrong}</p> : null}
      {other ? (
        <Caution>
          “{wanted}” exists already. {plural(tag.scripts, "script")} with “{tag.name}” get “{wanted}” instead, and “
          {tag.name}” is gone. This cannot be taken apart again.
        </Caution>
      ) : null}
    </form>
  );
}

function ColourButton({ tag, onChoose }: { tag: TagView; onChoose: (colour: TagColour) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      label={`Colour of ${tag.name}`}
      className="z-50! w-auto"
      anchor={
        <PopoverTrigger
          aria-label={`Colour of ${tag.name}: ${tag.colour}`}
          title={tag.colour}
          className="inline-flex size-7 items-center justify-center rounded-md hover:bg-selected"
        >
          <TagDot colour={tag.colour} className="size-3!" />
        </PopoverTrigger>
      }
    >
      <div role="radiogroup" aria-label="Colour" className="grid grid-cols-3 gap-0.5">
        {TAG_COLOURS.map((colour) => (
          // biome-ignore lint/a11y/useSemanticElements: a button that chooses at once and closes.
          <button
            key={colour}
            type="button"
            role="radio"
            aria-checked={colour === tag.colour}
            onClick={() => {
              setOpen(false);
              if (colour !== tag.colour) onChoose(colour);
            }}
            className={cn(
              "flex h-8 items-center gap-2 rounded-sm px-2 text-sm hover:bg-selected",
              colour === tag.colour && "bg-selected",
            )}
          >
            <TagDot colour={colour} /> {colour}
            {colour === tag.colour ? <Check aria-hidden className="ml-auto size-3 text-accent-ink" /> : null}
          </button>
        ))}
      </div>
    </Popover>
  );
}
