// Which tags the chosen scripts have: one list for all of them, half set where only some have one.
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { Dialog } from "~/components/ui/dialog";
import { Field, Input } from "~/components/ui/field";
import { Tag } from "~/components/ui/tag";
import { plural } from "~/lib/format";
import type { ListedScript } from "../../contract";
import { tagsQuery } from "../../requests";
import { colourOf, useTagColours } from "../../script-tag";
import type { Bulk } from "../bulk/use-bulk";
import { plan, pressed, shareOf, type Wishes, wrongTag } from "./plan";

interface ChooseTagsDialogProps {
  scripts: readonly ListedScript[];
  bulk: Bulk;
  onClose: () => void;
}

export function ChooseTagsDialog({ scripts, bulk, onClose }: ChooseTagsDialogProps) {
  const { data } = useQuery(tagsQuery);
  const colours = useTagColours();
  const [wishes, setWishes] = useState<Wishes>(new Map());
  const [typed, setTyped] = useState("");
  const known = data?.map(({ name }) => name) ?? [];
  const all = [...new Set([...known, ...scripts.flatMap((script) => script.tags), ...wishes.keys()])];
  const text = typed.trim();
  const shown = all.filter((tag) => tag.toLowerCase().includes(text.toLowerCase()));
  const wrong = wrongTag(text);
  const isNew = text !== "" && !all.includes(text);
  const { add, remove } = plan(wishes);
  const [only] = scripts;

  const save = async () => {
    onClose();
    if (add.length > 0) await bulk.act({ kind: "tag", tags: add }, scripts);
    if (remove.length > 0) await bulk.act({ kind: "untag", tags: remove }, scripts);
  };
  const create = () => {
    if (wrong || text === "") return;
    setWishes(isNew ? new Map(wishes).set(text, true) : pressed(wishes, text, shareOf(text, scripts)));
    setTyped("");
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={scripts.length === 1 && only ? `Tags of ${only.name}` : `Tags of ${plural(scripts.length, "script")}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={wishes.size === 0} onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      <Field label="Find or create a tag" error={wrong}>
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            spellCheck={false}
            placeholder="daily"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              create();
            }}
          />
        )}
      </Field>
      <ul aria-label="Tags" className="mt-2 flex max-h-72 flex-col overflow-auto">
        {shown.map((tag) => {
          const share = shareOf(tag, scripts);
          const wish = wishes.get(tag);
          const on = wish ?? share === "all";
          return (
            <li key={tag}>
              {/* biome-ignore lint/a11y/noLabelWithoutControl: the box is within it. */}
              <label className="flex min-h-8 cursor-pointer items-center gap-2.5 rounded-sm px-1.5 text-sm hover:bg-selected max-sm:min-h-10">
                <Checkbox
                  aria-label={tag}
                  checked={on}
                  half={wish === undefined && share === "some"}
                  onChange={() => setWishes(pressed(wishes, tag, share))}
                />
                <Tag colour={colourOf(colours, tag)}>{tag}</Tag>
                {wish === undefined && share === "some" ? (
                  <span className="ml-auto text-ink-3 text-xs">
                    {scripts.filter((script) => script.tags.includes(tag)).length} of {scripts.length}
                  </span>
                ) : null}
              </label>
            </li>
          );
        })}
        {isNew && !wrong ? (
          <li>
            <button
              type="button"
              onClick={create}
              className="flex min-h-8 w-full items-center gap-2 rounded-sm px-1.5 text-left text-accent-ink text-sm hover:bg-selected"
            >
              <Plus aria-hidden className="size-3.5" /> Create “{text}”
            </button>
          </li>
        ) : null}
        {all.length === 0 && text === "" ? (
          <li className="px-1.5 py-2 text-ink-3 text-sm">
            There is no tag yet. Type one, such as “daily”, and press Enter.
          </li>
        ) : null}
      </ul>
    </Dialog>
  );
}
