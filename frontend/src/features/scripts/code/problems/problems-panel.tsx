// The list of problems: each leads to its place in the editor.
import { CircleAlert, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import { Empty } from "~/components/ui/panel";
import { cn } from "~/lib/cn";
import type { OnPlace } from "../dock/output";
import { AddPackage } from "./add-package";
import { missingImport } from "./missing-import";
import type { Found, Severity } from "./problems";

const LOOKS: Record<Severity, { icon: LucideIcon; word: string; colour: string }> = {
  error: { icon: CircleAlert, word: "Error", colour: "text-fail" },
  warning: { icon: TriangleAlert, word: "Warning", colour: "text-skip" },
  info: { icon: Info, word: "Hint", colour: "text-run" },
};

interface ProblemsPanelProps {
  scriptId: string;
  found: readonly Found[];
  onPlace: OnPlace;
}

export function ProblemsPanel({ scriptId, found, onPlace }: ProblemsPanelProps) {
  if (found.length === 0)
    return (
      <Empty title="No problems" className="py-6">
        What is found wrong in open files is listed here, and where the last run failed.
      </Empty>
    );
  return (
    <ul aria-label="Problems" className="min-h-0 flex-1 overflow-auto py-1">
      {found.map((each) => {
        const { icon: Icon, word, colour } = LOOKS[each.severity];
        const module = missingImport(each);
        return (
          <li
            className="flex items-center pr-2"
            key={`${each.source} ${each.path} ${each.line} ${each.column} ${each.code ?? ""} ${each.message}`}
          >
            <button
              type="button"
              onClick={() => onPlace(each.path, each.line)}
              className="flex min-w-0 flex-1 items-baseline gap-2 px-3 py-1 text-left text-sm outline-offset-[-2px] hover:bg-hover"
            >
              <Icon aria-label={word} className={cn("size-3.5 shrink-0 translate-y-0.5", colour)} />
              <span className="min-w-0 [overflow-wrap:anywhere]">{each.message}</span>
              <span className="shrink-0 text-ink-3 text-xs">
                {each.source}
                {each.code ? ` · ${each.code}` : ""}
              </span>
              <span className="num ml-auto shrink-0 text-ink-3">
                {each.path}:{each.line}
              </span>
            </button>
            {module ? <AddPackage scriptId={scriptId} module={module} /> : null}
          </li>
        );
      })}
    </ul>
  );
}
