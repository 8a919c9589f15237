// How the list stands to the metadata block of the entry file (PEP 723), and whose word counts where they differ.
import { Link } from "@tanstack/react-router";
import { FileCode2, TriangleAlert } from "lucide-react";
import type { Inline } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { cn } from "~/lib/cn";
import { apart, inlineWords } from "./state-words";
import type { EnvironmentActs } from "./use-environment";

interface InlinePanelProps {
  scriptId: string;
  file: string;
  inline: Inline;
  acts: EnvironmentActs;
}

export function InlinePanel({ scriptId, file, inline, acts }: InlinePanelProps) {
  const { state } = inline;
  const calm = state === "in_step";
  const use = (which: "file" | "list") => {
    acts.forget();
    acts.resolve.mutate(which);
  };
  const choice = (which: "file" | "list") => (
    <Button
      size="sm"
      disabled={acts.resolve.isPending || acts.building}
      title={
        which === "file" ? "The list becomes what the file says" : `The block in ${file} is rewritten, as a revision`
      }
      onClick={() => use(which)}
    >
      {which === "file" ? "Use the file" : "Use the list"}
    </Button>
  );
  const Icon = calm ? FileCode2 : TriangleAlert;
  return (
    <section
      aria-label="Metadata block"
      data-testid="inline"
      data-state={state}
      className={cn("border-line border-b px-4 py-2.5 text-sm", calm ? "text-ink-3" : "bg-skip/6 text-ink-2")}
    >
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <p className="flex min-w-0 flex-1 basis-56 items-baseline gap-2">
          <Icon aria-hidden className={cn("size-3.5 shrink-0 translate-y-0.5", !calm && "text-skip")} />
          <span className="min-w-0">
            {inlineWords(inline, file)}
            {state === "unreadable" ? (
              <>
                {" "}
                {inline.message}{" "}
                <Link
                  to="/scripts/$scriptId/code"
                  params={{ scriptId }}
                  search={{ file, line: (inline.line ?? 0) + 1 }}
                  className="whitespace-nowrap rounded-sm text-accent-ink hover:underline"
                >
                  Open {file}, line {(inline.line ?? 0) + 1}
                </Link>
              </>
            ) : null}
          </span>
        </p>
        {state === "file_newer" ? choice("file") : null}
        {state === "list_newer" ? choice("list") : null}
      </div>
      {state === "conflict" ? (
        <div className="mt-2.5 grid grid-cols-2 gap-3">
          <Side title={`In ${file}`} lines={inline.in_file} own={apart(inline).inFile}>
            {choice("file")}
          </Side>
          <Side title="In the list" lines={inline.in_list} own={apart(inline).inList}>
            {choice("list")}
          </Side>
        </div>
      ) : null}
      {acts.resolve.error ? (
        <ErrorNotice error={acts.resolve.error} unchanged="File and list are as before." className="mt-2" />
      ) : null}
    </section>
  );
}

interface SideProps {
  title: string;
  lines: readonly string[];
  /** What only this side says. */
  own: readonly string[];
  children: React.ReactNode;
}

const Side = ({ title, lines, own, children }: SideProps) => (
  <div className="flex min-w-0 flex-col items-start gap-2 rounded-md border border-line bg-panel p-2.5">
    <h3 className="font-medium text-ink text-xs">{title}</h3>
    <ul className="num w-full flex-1 [overflow-wrap:anywhere]">
      {lines.map((line) => (
        <li key={line} className={own.includes(line) ? "text-ink" : "text-ink-3"}>
          {line}
        </li>
      ))}
      {lines.length === 0 ? <li className="text-ink-3">nothing</li> : null}
    </ul>
    {children}
  </div>
);
