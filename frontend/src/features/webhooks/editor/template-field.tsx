// A body of one's own: what is sent, with names of values in it. A refusal of it points at its line.
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { ApiError } from "~/api/client";
import { CodeInput, controlClass, Field } from "~/components/ui/field";
import { cn } from "~/lib/cn";
import { type Draft, type Errors, lineOf, spanOfLine } from "../form";
import { usePreview } from "./use-preview";
import { VALUES } from "./values";

interface TemplateFieldProps {
  draft: Draft;
  set: (next: Partial<Draft>) => void;
  errors: Errors;
}

export function TemplateField({ draft, set, errors }: TemplateFieldProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const { asked, settled } = usePreview(draft, draft.events[0] ?? "failed");
  const { error } = useQuery(asked);
  const refusal = settled && error instanceof ApiError ? error : null;
  const message = errors.template ?? refusal?.message ?? null;
  // The line has a place of its own.
  const words = message?.replace(/^Line \d+: /, "");
  const line = message === null ? null : lineOf(message, refusal?.details ?? {});
  const source = line === null ? null : (draft.template.split("\n")[line - 1] ?? null);
  const goToLine = () => {
    if (line === null || !area.current) return;
    const [from, to] = spanOfLine(draft.template, line);
    area.current.focus();
    area.current.setSelectionRange(from, to);
  };
  /** At the caret, so that names need not be typed. */
  const insert = (text: string) => {
    const at = area.current?.selectionStart ?? draft.template.length;
    const end = area.current?.selectionEnd ?? at;
    set({ template: draft.template.slice(0, at) + text + draft.template.slice(end) });
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(at + text.length, at + text.length);
    });
  };
  return (
    <>
      <Field
        label="Template"
        error={words}
        hint="Jinja: {{ … }} is a value, {% if … %} … {% endif %} a condition, {% for line in run.last_lines %} … {% endfor %} a list. Within JSON write {{ title|tojson }}, which adds the quotes."
      >
        {(control) => (
          <textarea
            {...control}
            ref={area}
            spellCheck={false}
            autoComplete="off"
            rows={Math.min(16, Math.max(6, draft.template.split("\n").length + 1))}
            className={cn(
              controlClass,
              "w-full resize-y whitespace-pre px-2.5 py-1.5 font-mono text-[12.5px] leading-5 overflow-x-auto",
            )}
            value={draft.template}
            onChange={(event) => set({ template: event.target.value })}
          />
        )}
      </Field>
      {source !== null && line !== null ? (
        <button
          type="button"
          onClick={goToLine}
          className="-mt-2 flex min-w-0 items-baseline gap-2 rounded-sm border border-fail/40 bg-fail/6 px-2 py-1 text-left font-mono text-[12px] leading-5 hover:bg-fail/10"
        >
          <span className="shrink-0 text-fail">Line {line}</span>
          <span className="truncate-line">{source.trim() || "(empty)"}</span>
        </button>
      ) : null}
      <details className="text-sm">
        <summary className="cursor-pointer text-ink-2">Values that can be used</summary>
        <ul className="mt-1.5 grid gap-x-6 gap-y-1 sm:grid-cols-2">
          {VALUES.map(({ name, means }) => (
            <li key={name} className="flex min-w-0 flex-wrap items-baseline gap-x-2">
              <button
                type="button"
                onClick={() => insert(`{{ ${name} }}`)}
                aria-label={`Insert ${name}`}
                className="rounded-sm font-mono text-[12.5px] text-accent-ink hover:underline"
              >
                {name}
              </button>
              <span className="text-ink-3 text-xs">{means}</span>
            </li>
          ))}
        </ul>
      </details>
      <Field label="Content type" error={errors.contentType} className="sm:w-72">
        {(control) => (
          <CodeInput
            {...control}
            value={draft.contentType}
            onChange={(event) => set({ contentType: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
