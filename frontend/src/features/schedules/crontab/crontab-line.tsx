// One line of a crontab: what it says, what it means, and what becomes of it.
import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "~/api/client";
import { CodeInput } from "~/components/ui/field";
import { Select } from "~/components/ui/select";
import { cn } from "~/lib/cn";
import type { CrontabLine } from "../contract";
import type { Choice } from "./choices";

interface CrontabLineRowProps {
  line: CrontabLine;
  choice: Choice;
  /** The server refused it. */
  wrong: boolean;
  onChoose: (choice: Choice) => void;
}

const KINDS = { comment: "Comment", variable: "Variable", unsupported: "Not taken", job: "Job", blank: "" } as const;
const NEW = "new";
const LEAVE = "leave";

export function CrontabLineRow({ line, choice, wrong, onChoose }: CrontabLineRowProps) {
  const isJob = line.kind === "job";
  return (
    <li
      className={cn(
        "flex flex-wrap items-start gap-x-4 gap-y-2 border-line border-b px-3 py-2 text-sm last:border-b-0",
        wrong && "bg-fail/8",
      )}
    >
      <div className="min-w-0 flex-1 basis-64">
        <p className="num text-[12.5px] [overflow-wrap:anywhere]">
          <span className="mr-2 text-ink-3">{line.line}</span>
          <span className={isJob ? "" : "text-ink-3"}>{line.text}</span>
        </p>
        <p className={cn("text-xs", line.kind === "unsupported" ? "text-fail" : "text-ink-3")}>
          {isJob ? `${line.description ?? ""}, ${line.zone ?? ""}` : KINDS[line.kind]}
          {line.message ? `${isJob ? ". " : ": "}${line.message}` : ""}
        </p>
      </div>
      {isJob ? <Target line={line} choice={choice} onChoose={onChoose} /> : null}
    </li>
  );
}

function Target({ line, choice, onChoose }: Pick<CrontabLineRowProps, "line" | "choice" | "onChoose">) {
  const { data: scripts = [] } = useQuery({
    queryKey: ["scripts", "all-names"],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/scripts", { params: { query: { limit: 500 } }, signal })).then((page) => page.items),
  });
  const value = choice.take === "script" ? choice.scriptId : choice.take === "new" ? NEW : LEAVE;
  return (
    <div className="flex w-56 flex-col gap-1.5 max-sm:w-full">
      <Select
        label={`What line ${line.line} becomes`}
        value={value}
        onChange={(next) =>
          onChoose(
            next === LEAVE
              ? { take: "leave" }
              : next === NEW
                ? { take: "new", name: line.suggested_name ?? "" }
                : { take: "script", scriptId: next },
          )
        }
        options={[
          { value: NEW, label: "A new script" },
          { value: LEAVE, label: "Leave it out" },
          ...scripts.map((script) => ({ value: script.id, label: script.name })),
        ]}
      />
      {choice.take === "new" ? (
        <CodeInput
          aria-label={`Name of the new script of line ${line.line}`}
          value={choice.name}
          onChange={(event) => onChoose({ take: "new", name: event.target.value })}
        />
      ) : null}
    </div>
  );
}
