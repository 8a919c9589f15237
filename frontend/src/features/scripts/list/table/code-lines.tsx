// Where a text was found in a script's files: each line leads to its place in the editor.
import { Link } from "@tanstack/react-router";
import { plural } from "~/lib/format";
import { pieces } from "~/lib/pieces";
import type { CodeHit, CodeLine } from "../../contract";
import { LINE_HEIGHT } from "./layout";

/** Shows the match also where the line is long: what is before it is cut. */
const LEAD = 48;
function shown({ text, ranges }: CodeLine): Pick<CodeLine, "text" | "ranges"> {
  const indent = text.length - text.trimStart().length;
  const first = ranges[0]?.[0] ?? 0;
  const cut = first > indent + LEAD ? first - LEAD : indent;
  const moved = ranges.map((range) => range.map((at) => at - cut + (cut > indent ? 1 : 0)));
  return { text: (cut > indent ? "…" : "") + text.slice(cut), ranges: moved };
}

export function CodeLines({ scriptId, hit }: { scriptId: string; hit: CodeHit }) {
  const more = hit.matches - hit.lines.length;
  return (
    <ul className="-ml-1.5 flex flex-col">
      {hit.lines.map((line) => {
        const { text, ranges } = shown(line);
        return (
          <li key={`${line.path}:${line.line}`}>
            <Link
              to="/scripts/$scriptId/code"
              params={{ scriptId }}
              search={{ file: line.path, line: line.line }}
              className="flex items-center gap-3 rounded-sm px-1.5 font-mono text-xs hover:bg-selected"
              style={{ height: LINE_HEIGHT }}
            >
              <span className="max-w-[40%] shrink-0 truncate-line text-accent-ink">
                {line.path}:{line.line}
              </span>
              <span className="truncate-line min-w-0 whitespace-pre text-ink-2">
                {pieces(text, ranges).map((piece) =>
                  piece.hit ? (
                    <mark key={piece.at} className="rounded-sm bg-skip/25 text-ink">
                      {piece.text}
                    </mark>
                  ) : (
                    <span key={piece.at}>{piece.text}</span>
                  ),
                )}
              </span>
            </Link>
          </li>
        );
      })}
      {more > 0 ? (
        <li className="px-1.5 text-ink-3 text-xs" style={{ height: LINE_HEIGHT }}>
          {plural(more, "more line")}
        </li>
      ) : null}
    </ul>
  );
}
