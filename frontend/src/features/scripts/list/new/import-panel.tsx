// Where files are dropped to become scripts, and what became of each: the notes of the one that decided, or the whole
// refusal.
import { Link } from "@tanstack/react-router";
import { CalendarClock, CircleCheck, FileArchive, TriangleAlert, Upload } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import { Button, buttonClass } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { Input } from "~/components/ui/field";
import { errorText, formatBytes } from "~/lib/format";
import type { ImportedSchedule } from "../../contract";
import { aboutName } from "../script-dialogs";
import { brought } from "./brought";
import { ACCEPTED } from "./import-check";
import type { ImportItem, Imports } from "./use-imports";

export function ImportPanel({ imports }: { imports: Imports }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="flex flex-col gap-3">
      <button
        type="button"
        onClick={() => input.current?.click()}
        className="flex flex-col items-center gap-1 rounded-md border border-line-strong border-dashed bg-sunken px-6 py-8 text-center text-sm hover:border-ink-3"
      >
        <Upload aria-hidden className="mb-1 size-5 text-ink-3" />
        <span className="font-medium">Drop files here, or choose them</span>
        <span className="text-ink-3">
          .py, .zip, .tar.gz, up to 64 MiB each. A requirements.txt or a PEP 723 block names the packages.
        </span>
      </button>
      <input
        ref={input}
        type="file"
        multiple
        accept={ACCEPTED}
        aria-label="Files to import"
        data-testid="import-files"
        className="hidden"
        onChange={(event) => {
          imports.add([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the box is within it. */}
      <label className="flex items-start gap-2 text-sm">
        <Checkbox
          checked={imports.keepsSchedules}
          onChange={(event) => imports.keepSchedules(event.target.checked)}
          className="mt-0.5 shrink-0"
        />
        <span>
          Schedules of an archive as they were
          <span className="block text-ink-3 text-xs">
            Otherwise they come along switched off, so that nothing runs twice.
          </span>
        </span>
      </label>
      {imports.items.length > 0 ? (
        <ul aria-label="Imports" aria-live="polite" className="flex flex-col rounded-md border border-line bg-panel">
          {imports.items.map((item) => (
            <ImportRow key={item.key} item={item} onRetry={(name) => imports.retry(item, name)} />
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function ImportRow({ item, onRetry }: { item: ImportItem; onRetry: (name: string | undefined) => void }) {
  const { file, state, result, error } = item;
  const isBusy = state === "waiting" || state === "sending";
  return (
    <li data-state={state} className="relative flex gap-3 border-line border-b px-3 py-2.5 text-sm last:border-b-0">
      <span className="mt-0.5 shrink-0 [&_svg]:size-4">
        {state === "done" ? (
          <CircleCheck aria-hidden className="text-ok" />
        ) : state === "refused" ? (
          <TriangleAlert aria-hidden className="text-fail" />
        ) : (
          <FileArchive aria-hidden className="text-ink-3" />
        )}
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium [overflow-wrap:anywhere]">{result?.script.name ?? file.name}</span>
          <span className="text-ink-3 text-xs">
            {result ? `from ${file.name}` : formatBytes(file.size)}
            {state === "waiting" ? " · waits" : state === "sending" ? " · is being unpacked…" : ""}
          </span>
        </p>
        {result?.notes.map((note) => (
          <p key={note} className="mt-0.5 text-ink-2">
            {note}
          </p>
        ))}
        {result && result.schedules.length > 0 ? <BroughtSchedules schedules={result.schedules} /> : null}
        {state === "refused" ? <Refused error={error} onRetry={onRetry} /> : null}
      </div>
      {result ? (
        <Link
          to="/scripts/$scriptId/code"
          params={{ scriptId: result.script.id }}
          className={buttonClass("plain", "sm")}
          aria-label={`Open ${result.script.name}`}
        >
          Open
        </Link>
      ) : null}
      {isBusy ? (
        <span aria-hidden className="absolute inset-x-0 bottom-0 h-0.5 overflow-hidden">
          {state === "sending" ? (
            <span className="absolute inset-y-0 left-0 w-1/4 animate-[slide_1.2s_linear_infinite] bg-accent-ink" />
          ) : null}
        </span>
      ) : null}
    </li>
  );
}

function BroughtSchedules({ schedules }: { schedules: readonly ImportedSchedule[] }) {
  return (
    <ul aria-label="Schedules" className="mt-1 flex flex-col gap-0.5">
      {schedules.map(brought).map(({ title, when, state, reason, isTaken }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two may be the same, and the list never changes.
        <li key={place} data-taken={isTaken} className="flex gap-2 text-ink-2">
          {isTaken ? (
            <CalendarClock aria-hidden className="mt-0.5 size-3.5 shrink-0 text-ink-3" />
          ) : (
            <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0 text-fail" />
          )}
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {title}
            {when ? <span className="num text-ink-3 text-xs"> {when}</span> : null}: {state}
            {reason ? `; ${reason}` : ""}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Refused({ error, onRetry }: { error: unknown; onRetry: (name: string | undefined) => void }) {
  const [name, setName] = useState("");
  const isTaken = aboutName(error) !== null;
  const canRetry = error instanceof ApiError && (error.status === 0 || error.status >= 500);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "") onRetry(name.trim());
  };
  return (
    <div role="alert">
      <p className="mt-0.5 text-ink [overflow-wrap:anywhere]">{errorText(error)}</p>
      <p className="text-ink-3">
        No script was made of it.
        {error instanceof ApiError && error.requestId ? (
          <span className="text-xs">
            {" "}
            <span className="num">{error.code}</span> · request <span className="num">{error.requestId}</span>
          </span>
        ) : null}
      </p>
      {isTaken ? (
        <form onSubmit={submit} className="mt-2 flex gap-2">
          <Input
            aria-label="Another name"
            placeholder="Another name"
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" disabled={name.trim() === ""}>
            Import
          </Button>
        </form>
      ) : null}
      {canRetry ? (
        <Button size="sm" className="mt-2" onClick={() => onRetry(undefined)}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}
