// What the script asks for, as a list or as the lines of a requirements file. Both edit the same lines.
import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { Input, TextArea } from "~/components/ui/field";
import { cn } from "~/lib/cn";
import { nameOf, normalName, withMended } from "~/lib/requirements";
import type { Lookalikes } from "./use-lookalikes";

interface RequirementEditorProps {
  lines: string[];
  onChange: (lines: string[]) => void;
  view: "list" | "text";
  lookalikes: Lookalikes;
  /** Line that the server points at, from 0, and what it says of it. */
  wrong: { line: number; message: string } | null;
}

export function RequirementEditor({ view, ...list }: RequirementEditorProps) {
  const { lines, onChange, lookalikes, wrong } = list;
  if (view === "list") return <RequirementList {...list} />;
  return (
    <>
      <TextArea
        aria-label="Requirements, one a line"
        aria-invalid={wrong !== null}
        aria-describedby={wrong ? WRONG_ID : undefined}
        spellCheck={false}
        rows={Math.max(6, lines.length + 1)}
        className="font-mono text-[12.5px] leading-5"
        placeholder={"requests>=2\npandas==3.0.1"}
        value={lines.join("\n")}
        onChange={(event) => onChange(event.target.value.split("\n"))}
      />
      {wrong ? <Wrong message={wrong.message} /> : null}
      {lines.map((line, index) => (
        <Suspected
          // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place.
          key={index}
          line={line}
          lookalikes={lookalikes}
          onMend={(name) => onChange(withMended(lines, index, name))}
        />
      ))}
    </>
  );
}

const WRONG_ID = "requirement-refused";

const Wrong = ({ message }: { message: string }) => (
  <p id={WRONG_ID} role="alert" className="px-4 pb-2 text-fail text-sm [overflow-wrap:anywhere]">
    {message}
  </p>
);

interface SuspectedProps {
  line: string;
  lookalikes: Lookalikes;
  onMend: (name: string) => void;
}

function Suspected({ line, lookalikes, onMend }: SuspectedProps) {
  const found = lookalikes.get(normalName(nameOf(line)));
  if (!found) return null;
  return (
    <Caution
      data-testid="lookalike"
      mend={{ label: `Use ${found.resembles}`, onMend: () => onMend(found.resembles) }}
      className="px-4 pb-2"
    >
      {found.message}
    </Caution>
  );
}

function RequirementList({ lines, onChange, lookalikes, wrong }: Omit<RequirementEditorProps, "view">) {
  const [adding, setAdding] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    // Several pasted at once are several lines.
    const more = adding
      .split(/[\n]/)
      .map((line) => line.trim())
      .filter(Boolean);
    if (more.length === 0) return;
    onChange([...lines.filter((line) => line.trim() !== ""), ...more]);
    setAdding("");
  };
  return (
    <>
      <ul>
        {lines.map((line, index) =>
          line.trim() === "" ? null : (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place.
              key={index}
              className={cn("border-line border-b", wrong?.line === index && "bg-fail/8")}
            >
              <div className="flex h-9 items-center gap-2 pr-2 pl-1.5">
                <input
                  aria-label={`Requirement ${index + 1}`}
                  aria-invalid={wrong?.line === index}
                  aria-describedby={wrong?.line === index ? WRONG_ID : undefined}
                  spellCheck={false}
                  className="h-7 min-w-0 flex-1 rounded-sm bg-transparent px-2.5 font-mono text-[12.5px] hover:bg-hover"
                  value={line}
                  onChange={(event) => onChange(lines.with(index, event.target.value))}
                />
                <IconButton label={`Remove ${line}`} onClick={() => onChange(lines.filter((_, at) => at !== index))}>
                  <X />
                </IconButton>
              </div>
              {wrong?.line === index ? <Wrong message={wrong.message} /> : null}
              <Suspected
                line={line}
                lookalikes={lookalikes}
                onMend={(name) => onChange(withMended(lines, index, name))}
              />
            </li>
          ),
        )}
      </ul>
      <form onSubmit={add} className="flex items-center gap-2 p-2">
        <Input
          aria-label="Add a package"
          placeholder="Name or name>=2"
          spellCheck={false}
          autoComplete="off"
          className="font-mono"
          value={adding}
          onChange={(event) => setAdding(event.target.value)}
        />
        <Button type="submit" disabled={adding.trim() === ""}>
          <Plus aria-hidden /> Add
        </Button>
      </form>
    </>
  );
}
