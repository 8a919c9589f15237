// A requirements.txt into the script's list: paste, drop or choose it, see what comes of each line, then import it.
import { useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { type ChangeEvent, type DragEvent, useRef, useState } from "react";
import { previewQuery } from "~/api/queries";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { TextArea } from "~/components/ui/field";
import { cn } from "~/lib/cn";
import { useSettled } from "~/lib/use-settled";
import { changesList, importWords, summaryOf, textOf } from "./import-file";
import { ImportLines } from "./import-lines";

/** Text that is dragged is the field's own to take. */
const carriesFile = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");

interface ImportDialogProps {
  scriptId: string;
  /** The list as it is edited: it may not be saved. */
  list: readonly string[];
  onClose: () => void;
  onImport: (requirements: string[]) => void;
}

export function ImportDialog({ scriptId, list, onClose, onImport }: ImportDialogProps) {
  const [text, setText] = useState("");
  const [alone, setAlone] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const settled = useSettled(text);
  const there = settled.trim() !== "";
  const query = useQuery({
    ...previewQuery(scriptId, { text: settled, requirements: [...list], others: alone ? "remove" : "keep" }),
    enabled: there,
    placeholderData: (previous) => previous,
  });
  const preview = there && !query.error ? query.data : undefined;
  const current = preview !== undefined && settled === text && !query.isPlaceholderData;

  const write = (next: string) => {
    setRefused(null);
    setText(next);
  };
  const take = async (file: File | undefined) => {
    if (!file) return;
    const read = textOf(file.name, new Uint8Array(await file.arrayBuffer()));
    if ("text" in read) write(read.text);
    else setRefused(read.refused);
  };
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    void take(event.target.files?.[0]);
    event.target.value = "";
  };
  const drop = (event: DragEvent) => {
    setOver(false);
    if (!carriesFile(event)) return;
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  };
  const drag = (event: DragEvent) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    setOver(true);
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Import requirements.txt"
      description="Paste the file, drop it here or choose it. Nothing changes until you import it."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={!current || !changesList(preview)}
            onClick={() => preview && onImport(preview.requirements)}
          >
            {importWords(preview)}
          </Button>
        </>
      }
    >
      <section
        aria-label="The file"
        onDragOver={drag}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className="flex flex-col gap-3"
      >
        <TextArea
          aria-label="Contents of requirements.txt"
          spellCheck={false}
          rows={there ? 5 : 9}
          placeholder={"requests==2.32.3\npandas>=2,<3  # comments are fine"}
          value={text}
          onChange={(event) => write(event.target.value)}
          className={cn(
            "rounded-md border border-line-strong bg-panel px-3 py-2 font-mono text-[12.5px] leading-5",
            over && "border-accent-ink bg-accent-soft",
          )}
        />
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button size="sm" onClick={() => chooser.current?.click()}>
            <FileUp aria-hidden /> Choose a file
          </Button>
          <input ref={chooser} type="file" accept=".txt,.in,text/plain" hidden onChange={choose} />
          <label className="flex min-h-7 cursor-pointer items-center gap-2 text-ink-2 text-sm">
            <input
              type="checkbox"
              className="size-3.5 accent-accent"
              checked={alone}
              onChange={(event) => setAlone(event.target.checked)}
            />
            Remove packages that the file does not name
          </label>
        </div>
        {refused ? (
          <p role="alert" className="text-fail text-sm [overflow-wrap:anywhere]">
            {refused}
          </p>
        ) : null}
        {there && query.error ? <ErrorNotice error={query.error} unchanged="Nothing was imported." /> : null}
        <p role="status" className="sr-only">
          {preview ? summaryOf(preview.lines) : ""}
        </p>
        {preview ? <ImportLines preview={preview} /> : null}
      </section>
    </Dialog>
  );
}
