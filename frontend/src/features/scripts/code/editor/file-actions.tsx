// At the end of the tabs: whether the file is saved, how it is looked at, and the button that saves.
import type { Script } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Segmented } from "~/components/ui/segmented";
import { modKey } from "~/lib/platform";
import type { Ways } from "../preview/how";
import { ToolsMark } from "../tools/tools-mark";
import { isDirty, type OpenFile } from "../workspace";

interface FileActionsProps {
  script: Script;
  file: OpenFile | undefined;
  ways: Ways;
  preview: boolean;
  onPreview: (on: boolean) => void;
  onSave: () => void;
}

export function FileActions({ script, file, ways, preview, onPreview, onSave }: FileActionsProps) {
  const unsaved = isDirty(file);
  return (
    <div className="flex h-9 shrink-0 items-center gap-2 border-line bg-panel pr-2 pl-3 max-md:w-full max-md:border-t md:border-l">
      <span className="truncate-line text-ink-3 text-xs max-md:flex-1" role="status" data-testid="save-state">
        {ways.edit ? stateWords(file, unsaved, script.revision) : ""}
      </span>
      {ways.edit ? <ToolsMark /> : null}
      {ways.edit && ways.preview ? (
        <Segmented
          label="How the file is shown"
          value={preview ? "preview" : "edit"}
          onChange={(value) => onPreview(value === "preview")}
          options={[
            { value: "edit", label: "Edit" },
            { value: "preview", label: "Preview" },
          ]}
        />
      ) : null}
      {ways.edit ? (
        <Button look="quiet" size="sm" disabled={!unsaved || file?.conflict} onClick={onSave} title={`${modKey} S`}>
          Save
        </Button>
      ) : null}
    </div>
  );
}

function stateWords(file: OpenFile | undefined, unsaved: boolean, revision: number): string {
  if (file?.phase === "saving") return "Saving";
  if (unsaved) return file?.unkept ? "Unsaved, and this browser keeps no draft" : "Unsaved, kept as a draft";
  return file?.phase === "ready" ? `Saved · revision ${revision}` : "";
}
