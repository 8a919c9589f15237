// The line in the table that says what the search in the scripts' files came to.
import { FileSearch } from "lucide-react";
import { errorText, plural } from "~/lib/format";
import type { CodeState } from "../use-found";
import { HEAD_HEIGHT } from "./layout";

export function codeWords({ text, isLooking, error, truncated, hits }: CodeState): string {
  if (isLooking) return "Looking in the code…";
  if (error) return `The code could not be searched: ${errorText(error)}`;
  const lines = [...hits.values()].reduce((sum, hit) => sum + hit.matches, 0);
  const found =
    lines === 0 ? `No code has “${text}”` : `In the code: ${plural(lines, "line")} of ${plural(hits.size, "script")}`;
  return truncated ? `${found}, as far as was looked; a longer text narrows it` : found;
}

export const CodeHead = ({ code }: { code: CodeState }) => (
  <tr className="border-line border-b bg-sunken last:border-b-0" style={{ height: HEAD_HEIGHT }}>
    <td colSpan={8} className="px-4 text-ink-3 text-xs">
      <span className="flex items-center gap-2">
        <FileSearch aria-hidden className="size-3.5 shrink-0" />
        <span className="truncate-line">{codeWords(code)}</span>
      </span>
    </td>
  </tr>
);

/** The same said aloud: the line itself may be out of sight, where it does not exist. */
export const CodeStatus = ({ code }: { code: CodeState }) => (
  <span role="status" data-testid="code-found" data-looking={code.isLooking} className="sr-only">
    {code.text === null ? null : codeWords(code)}
  </span>
);
