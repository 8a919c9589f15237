// What the script asks for, as a list or as the lines of a requirements file. Both edit the same lines.
import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { Input, TextArea } from "~/components/ui/field";
import { cn } from "~/lib/cn";

interface RequirementEditorProps {
  lines: string[];
  onChange: (lines: string[]) => void;
  view: "list" | "text";
  /** Line that the server points at, from 0, and what it says of it. */
  wrong: { line: number; message: string } | null;
}

export function RequirementEditor({ lines, onChange, view, wrong }: RequirementEditorProps) {
  if (view === "text")
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
      </>
    );
  return <RequirementList lines={lines} onChange={onChange} wrong={wrong} />;
}

const WRONG_ID = "requirement-refused";

const Wrong = ({ message }: { message: string }) => (
  <p id={WRONG_ID} role="alert" className="px-4 pb-2 text-fail text-sm [overflow-wrap:anywhere]">
    {message}
  </p>
);

function RequirementList({ lines, onChange, wrong }: Omit<RequirementEditorProps, "view">) {
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
                  onChange={(event) => onChange(lines.map((each, at) => (at === index ? event.target.value : each)))}
                />
                <IconButton label={`Remove ${line}`} onClick={() => onChange(lines.filter((_, at) => at !== index))}>
                  <X />
                </IconButton>
              </div>
              {wrong?.line === index ? <Wrong message={wrong.message} /> : null}
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
