// What the script asks for: its list, what the settings add to it, and what is built from source.
import { Link } from "@tanstack/react-router";
import { AlignLeft, FileUp, List } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import type { Dependencies } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { errorText } from "~/lib/format";
import { usePreference } from "~/lib/preference";
import { ImportDialog } from "./import/import-dialog";
import { InlinePanel } from "./inline-panel";
import { RequirementEditor } from "./requirement-editor";
import { refusedSource, wrongLine } from "./requirements";
import { SourceField } from "./source-field";
import type { useDraft } from "./use-draft";
import type { EnvironmentActs, SavedList } from "./use-environment";
import type { Lookalikes } from "./use-lookalikes";

interface AskedPanelProps {
  scriptId: string;
  entryFile: string;
  data: Dependencies;
  draft: ReturnType<typeof useDraft>;
  lookalikes: Lookalikes;
  acts: EnvironmentActs;
}

export function AskedPanel({ scriptId, entryFile, data, draft, lookalikes, acts }: AskedPanelProps) {
  const [importing, setImporting] = useState(false);
  const [view, setView] = usePreference<"list" | "text">("requirements.view", "list");
  const { error } = acts.save;
  const line = wrongLine(error);
  const source = refusedSource(error);
  const save = (list: SavedList, then?: () => void) => {
    acts.forget();
    acts.save.mutate(list, {
      onSuccess: () => {
        draft.clear();
        then?.();
      },
    });
  };
  const edit = (lines: string[]) => {
    // The refusal was about the lines as they were.
    if (error) acts.save.reset();
    draft.setLines(lines);
  };
  const takeOver = (requirements: string[]) => {
    setImporting(false);
    // If it is refused, it stands here like what was typed, with the refusal at its line.
    draft.setLines(requirements);
    save({ ...draft.list, requirements }, () => toast("Imported and saved"));
  };
  return (
    <Panel
      title="Asked for"
      actions={
        <span className="flex items-center gap-2">
          <Button look="quiet" size="sm" title="Import requirements.txt" onClick={() => setImporting(true)}>
            <FileUp aria-hidden /> Import
          </Button>
          <Segmented
            label="How to edit"
            value={view}
            onChange={setView}
            options={[
              { value: "list", label: <List aria-hidden />, title: "As a list" },
              { value: "text", label: <AlignLeft aria-hidden />, title: "As text" },
            ]}
          />
        </span>
      }
    >
      {data.inline ? <InlinePanel scriptId={scriptId} file={entryFile} inline={data.inline} acts={acts} /> : null}
      <RequirementEditor
        lines={draft.lines}
        onChange={edit}
        view={view}
        lookalikes={lookalikes}
        wrong={line === null ? null : { line, message: errorText(error) }}
      />
      {data.default_requirements.length > 0 ? (
        <p className="border-line border-t px-4 py-2.5 text-ink-3 text-sm [overflow-wrap:anywhere]">
          Besides, as every script: <span className="num text-ink-2">{data.default_requirements.join(", ")}</span>.{" "}
          <Link
            to="/settings/$section"
            params={{ section: "packages" }}
            className="rounded-sm text-accent-ink hover:underline"
          >
            Settings
          </Link>
        </p>
      ) : null}
      <SourceField
        text={draft.source}
        onChange={(text) => {
          if (error) acts.save.reset();
          draft.setSource(text);
        }}
        error={source}
      />
      {error && line === null && source === null ? (
        <ErrorNotice error={error} unchanged="The list was not saved; it is kept here." className="mx-4 mb-3" />
      ) : null}
      <footer className="flex flex-wrap items-center gap-2 border-line border-t px-4 py-2.5">
        <span role="status" className="text-ink-3 text-sm">
          {draft.changed ? "Not saved yet" : "Saved"}
        </span>
        <span className="ml-auto flex gap-2">
          <Button disabled={!draft.changed} busy={acts.save.isPending} onClick={() => save(draft.list)}>
            Save
          </Button>
          <Button
            look={draft.changed ? "primary" : "plain"}
            disabled={!draft.changed || acts.busy}
            busy={acts.save.isPending}
            onClick={() => save(draft.list, () => acts.build.mutate({ action: "install" }))}
          >
            Save and install
          </Button>
        </span>
      </footer>
      {importing ? (
        <ImportDialog scriptId={scriptId} list={draft.lines} onClose={() => setImporting(false)} onImport={takeOver} />
      ) : null}
    </Panel>
  );
}
