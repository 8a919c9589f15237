// Looking for a text in the logs of all runs, newest first: what to look for, how far it is, what it found.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search, Square } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import { Empty, Panel } from "~/components/ui/panel";
import { cn } from "~/lib/cn";
import { listenHotkeys } from "~/lib/hotkeys";
import { usePhone } from "~/lib/media";
import { logFilters } from "../filters/filters";
import type { LogQuery } from "../requests";
import { filtersOf } from "../search";
import { FoundRun } from "./found-run";
import { SearchProgress } from "./search-progress";
import { useLogSearch } from "./use-log-search";

/** Between the question and the answers: what narrows it. */
export default function LogSearchView({ children }: { children: ReactNode }) {
  const search = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const { text, regex = false, case: matchCase = false } = search;
  const query = useMemo<LogQuery | null>(
    () => (text ? { text, regex, matchCase, filters: logFilters(filtersOf(search)) } : null),
    [text, regex, matchCase, search],
  );
  const { state, findings, error, cancel, goOn } = useLogSearch(query);
  const look = (next: { text: string; regex: boolean; matchCase: boolean }) =>
    void navigate({
      search: (before) => ({
        ...before,
        text: next.text || undefined,
        regex: next.regex || undefined,
        case: next.matchCase || undefined,
      }),
      replace: text === undefined,
    });
  const wrong = error instanceof ApiError && error.code === "invalid_query" ? error.message : null;

  return (
    <>
      <SearchForm
        key={`${text} ${regex} ${matchCase}`}
        asked={{ text: text ?? "", regex, matchCase }}
        searching={state === "searching"}
        wrong={wrong}
        onLook={look}
        onCancel={cancel}
      />
      {children}
      {error && !wrong ? <ErrorNotice error={error} className="mb-3" /> : null}
      {state === "idle" ? (
        <Panel>
          <Empty
            title="Find a line in the log of any run"
            action={
              <span className="flex flex-wrap justify-center gap-2">
                <Example text="Traceback" onLook={look} />
                <Example text="connection (reset|refused|timed out)" regex onLook={look} />
                <Example text="WARNING" onLook={look} />
              </span>
            }
          >
            Type a text, or a regular expression, and press Enter. Logs are searched from the newest run to the oldest;
            the filters say in which. Each line found leads to its place in the log.
          </Empty>
        </Panel>
      ) : wrong ? null : (
        <>
          <SearchProgress state={state} findings={findings} onGoOn={goOn} />
          {findings.found.length > 0 ? (
            <div className="flex flex-col gap-3">
              {findings.found.map((found) => (
                <FoundRun key={found.run.id} found={found} />
              ))}
            </div>
          ) : state === "done" && !error ? (
            <Panel>
              <Empty title={findings.stopped ? "Nothing found so far" : "No log has it"}>
                {regex
                  ? "Check the expression, or take a filter away."
                  : matchCase
                    ? "Capitals matter in this search. Without “Aa” they do not."
                    : "Look for less of it, or take a filter away."}
              </Empty>
            </Panel>
          ) : null}
        </>
      )}
    </>
  );
}

interface Asked {
  text: string;
  regex: boolean;
  matchCase: boolean;
}

interface SearchFormProps {
  asked: Asked;
  searching: boolean;
  wrong: string | null;
  onLook: (asked: Asked) => void;
  onCancel: () => void;
}

const LONGEST = 1000;

function SearchForm({ asked, searching, wrong, onLook, onCancel }: SearchFormProps) {
  const [text, setText] = useState(asked.text);
  // There the keyboard would cover what was found.
  const phone = usePhone();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => listenHotkeys(() => [{ keys: "/", does: "Search", run: () => input.current?.focus() }]), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLook({ ...asked, text });
  };
  return (
    <form onSubmit={submit} className="mb-3">
      <div className="flex flex-wrap items-center gap-2">
        <div className="relative min-w-0 flex-1 basis-64">
          <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
          <Input
            ref={input}
            autoFocus={!phone}
            aria-label="Text to look for in logs"
            aria-invalid={wrong !== null}
            aria-describedby={wrong ? "log-search-wrong" : undefined}
            placeholder={asked.regex ? "Regular expression" : "Text in a log"}
            maxLength={LONGEST}
            autoComplete="off"
            spellCheck={false}
            className="pr-20 pl-8 font-mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <span className="absolute top-1 right-1 flex gap-0.5">
            <Switch
              label="Capitals matter"
              on={asked.matchCase}
              onSwitch={(matchCase) => onLook({ ...asked, text, matchCase })}
            >
              Aa
            </Switch>
            <Switch label="Regular expression" on={asked.regex} onSwitch={(regex) => onLook({ ...asked, text, regex })}>
              .*
            </Switch>
          </span>
        </div>
        {searching ? (
          <Button onClick={onCancel}>
            <Square aria-hidden /> Cancel
          </Button>
        ) : (
          <Button type="submit" look="primary" disabled={text === ""}>
            Search
          </Button>
        )}
      </div>
      {wrong ? (
        <p id="log-search-wrong" className="mt-1 text-fail text-xs">
          {wrong}
        </p>
      ) : null}
    </form>
  );
}

interface SwitchProps {
  label: string;
  on: boolean;
  onSwitch: (on: boolean) => void;
  children: string;
}

const Switch = ({ label, on, onSwitch, children }: SwitchProps) => (
  <button
    type="button"
    aria-label={label}
    aria-pressed={on}
    title={label}
    onClick={() => onSwitch(!on)}
    className={cn(
      "h-6 min-w-7 rounded-sm px-1 font-mono text-xs",
      on ? "bg-accent-soft text-accent-ink" : "text-ink-3 hover:bg-hover hover:text-ink",
    )}
  >
    {children}
  </button>
);

function Example({ text, regex = false, onLook }: { text: string; regex?: boolean; onLook: (asked: Asked) => void }) {
  return (
    <Button size="sm" className="font-mono" onClick={() => onLook({ text, regex, matchCase: false })}>
      {text}
    </Button>
  );
}
