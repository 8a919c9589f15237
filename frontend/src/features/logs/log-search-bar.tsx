// The search in a log: words or an expression, how far it is, to the older and the newer match.
import { ArrowDown, ArrowUp, CaseSensitive, List, Regex, RotateCw, X } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useState } from "react";
import { IconButton } from "~/components/ui/button";
import { Input } from "~/components/ui/field";
import { cn } from "~/lib/cn";
import { errorText, plural } from "~/lib/format";
import { useFlag } from "~/lib/preference";
import { useSettled } from "~/lib/use-settled";
import type { SearchWords } from "./contract";
import type { SearchState } from "./log-search";

interface LogSearchBarProps {
  found: SearchState;
  inputRef: RefObject<HTMLInputElement | null>;
  /** Lines came since the search began. */
  stale: boolean;
  listed: boolean;
  onSearch: (words: SearchWords) => void;
  onStep: (by: 1 | -1) => void;
  onList: () => void;
  onClose: () => void;
}

const sameWords = (a: SearchWords, b: SearchWords) => a.q === b.q && a.regex === b.regex && a.matchCase === b.matchCase;

export function LogSearchBar({ found, inputRef, stale, listed, onSearch, onStep, onList, onClose }: LogSearchBarProps) {
  const [q, setQ] = useState(found.words.q);
  const [regex, setRegex] = useFlag("log.search.regex", false);
  const [matchCase, setMatchCase] = useFlag("log.search.case", false);
  const settled = useSettled(q, 250);
  const none = found.matches.length === 0;

  useEffect(() => {
    const words = { q: settled, regex, matchCase };
    if (!sameWords(words, found.words)) onSearch(words);
  }, [settled, regex, matchCase, onSearch, found.words]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const words = { q, regex, matchCase };
    if (sameWords(words, found.words)) onStep(event.shiftKey ? -1 : 1);
    else onSearch(words);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not known to every screen reader yet.
    <div
      role="search"
      aria-label="Search in the log"
      data-testid="log-search"
      className="relative flex min-h-9 shrink-0 flex-wrap items-center gap-x-1 gap-y-1 border-line border-b bg-panel px-2 py-1"
    >
      <div className="relative min-w-40 max-w-[420px] flex-1">
        <Input
          ref={inputRef}
          dense
          type="search"
          aria-label="Search for"
          placeholder="Search in the log"
          autoComplete="off"
          spellCheck={false}
          maxLength={1000}
          value={q}
          aria-invalid={found.phase === "failed"}
          onChange={(event) => setQ(event.target.value)}
          onKeyDown={onKey}
          className="pr-14 font-mono [&::-webkit-search-cancel-button]:hidden"
        />
        <span className="absolute inset-y-0 right-0.5 flex items-center gap-0.5">
          <IconButton label="Match case" dense pressed={matchCase} onClick={() => setMatchCase(!matchCase)}>
            <CaseSensitive />
          </IconButton>
          <IconButton label="Regular expression" dense pressed={regex} onClick={() => setRegex(!regex)}>
            <Regex />
          </IconButton>
        </span>
      </div>
      <span className="flex items-center gap-0.5">
        <IconButton label="Older match" hint="Older match (Enter, n)" disabled={none} onClick={() => onStep(1)}>
          <ArrowUp />
        </IconButton>
        <IconButton label="Newer match" hint="Newer match (Shift+Enter, N)" disabled={none} onClick={() => onStep(-1)}>
          <ArrowDown />
        </IconButton>
      </span>
      <span
        role="status"
        data-testid="log-search-count"
        className={cn(
          "num min-w-0 flex-1 truncate px-1 text-xs @max-lg:order-last @max-lg:basis-full @max-lg:empty:hidden",
          found.phase === "failed" ? "text-fail" : "text-ink-3",
        )}
        title={found.phase === "failed" ? errorText(found.error) : undefined}
      >
        {searchText(found)}
      </span>
      {stale && found.phase === "done" ? (
        <IconButton label="Lines came since; search again" onClick={() => onSearch({ q, regex, matchCase })}>
          <RotateCw />
        </IconButton>
      ) : null}
      <IconButton label="List the matches" pressed={listed} onClick={onList}>
        <List />
      </IconButton>
      <IconButton label="Close the search" hint="Close (Esc)" onClick={onClose}>
        <X />
      </IconButton>
      {found.phase === "searching" ? (
        <span
          aria-hidden
          className="absolute bottom-[-1px] left-0 h-0.5 bg-run transition-[width] duration-100"
          style={{ width: `${Math.max(2, found.progress * 100)}%` }}
        />
      ) : null}
    </div>
  );
}

function searchText({ phase, words, count, current, progress, error }: SearchState): string {
  if (phase === "failed") return errorText(error);
  if (words.q === "") return "";
  const where = current >= 0 ? `${(current + 1).toLocaleString("en")} of ` : "";
  if (phase === "searching") return `${where}${plural(count, "line")} · ${Math.floor(progress * 100)} %`;
  if (count === 0) return "No match";
  return `${where}${plural(count, "line")}`;
}
