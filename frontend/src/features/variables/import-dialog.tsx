// A .env into a list: pasted or chosen, read here, and nothing of it is sent before the list is saved.
import { FileUp } from "lucide-react";
import { useId, useRef, useState } from "react";
import { Button } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { Dialog } from "~/components/ui/dialog";
import { TextArea } from "~/components/ui/field";
import { plural } from "~/lib/format";
import { parseDotEnv } from "./dotenv";

const MOST_BYTES = 256 * 1024;

interface ImportDialogProps {
  onClose: () => void;
  onImport: (entries: { name: string; value: string; secret: boolean }[]) => void;
}

export function ImportDialog({ onClose, onImport }: ImportDialogProps) {
  const [text, setText] = useState("");
  const [secret, setSecret] = useState(true);
  const [refused, setRefused] = useState<string | null>(null);
  const box = useId();
  const chooser = useRef<HTMLInputElement>(null);
  const { entries, problems } = parseDotEnv(text);
  const take = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MOST_BYTES) setRefused(`${file.name} is larger than 256 KiB, which is no .env.`);
    else {
      setRefused(null);
      setText(await file.text());
    }
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Paste a .env"
      description="NAME=value, one a line. Nothing is stored before you save the list."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={entries.length === 0}
            onClick={() => onImport(entries.map((entry) => ({ ...entry, secret })))}
          >
            {entries.length === 0 ? "Take over" : `Take over ${plural(entries.length, "variable")}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <TextArea
          aria-label="Contents of the .env"
          spellCheck={false}
          autoComplete="off"
          rows={8}
          placeholder={'API_TOKEN=…\nREGION="eu-west-1"  # comments are fine'}
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="rounded-md border border-line-strong bg-panel px-3 py-2 font-mono text-[12.5px] leading-5"
        />
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button size="sm" onClick={() => chooser.current?.click()}>
            <FileUp aria-hidden /> Choose a file
          </Button>
          <input
            ref={chooser}
            type="file"
            hidden
            onChange={(event) => {
              void take(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
          <label htmlFor={box} className="flex min-h-7 cursor-pointer items-center gap-2 text-ink-2 text-sm">
            <Checkbox id={box} checked={secret} onChange={(event) => setSecret(event.target.checked)} />
            All of them are secrets
          </label>
        </div>
        {refused || problems.length > 0 ? (
          <ul role="status" className="text-skip text-sm">
            {[...(refused ? [refused] : []), ...problems].map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        ) : null}
        {entries.length > 0 ? (
          <p className="num text-ink-2 text-sm [overflow-wrap:anywhere]">
            {entries.map(({ name }) => name).join(", ")}
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}
