// What every script gets, how old a release must be, what may and may not be installed, where from, and how much.
import { RotateCcw } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import type { SettingsView } from "~/api/types";
import { IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { controlClass, Field, Input } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { QuantityField } from "~/features/limits/quantity-field";
import { cn } from "~/lib/cn";
import { IndexLoginsList } from "./index-logins-list";
import {
  BOUND_NAMES,
  BOUNDS,
  type BoundName,
  boundText,
  hasPlace,
  LISTS,
  type ListName,
  linesIn,
  parseBound,
  parseDays,
  patchOf,
  refusalOf,
  typed,
} from "./packages-settings";
import type { ChangeSettings } from "./use-change-settings";

const FIELDS: Record<ListName, { label: string; hint: ReactNode; example: string }> = {
  default_requirements: {
    label: "Default requirements",
    hint: "One a line. Every script gets them, unless it names the package itself.",
    example: "rich\nrequests>=2",
  },
  deny: {
    label: "Denied packages",
    hint: "One name a line. Never installed, not even because something else needs it; goes before what is allowed.",
    example: "a-package",
  },
  allow: {
    label: "Allowed packages",
    hint: "One name a line. If there are any, nothing else is installed. Empty allows all.",
    example: "all",
  },
  extra_index_urls: {
    label: "Extra indexes",
    hint: "One address a line, without user name and password: they have a place of their own below, once it is saved. Asked before the usual index; a package comes from the first that knows it.",
    example: "https://pypi.example.org/simple",
  },
};

const HINTS: Record<BoundName, string> = {
  max_environment_bytes: "A larger one does not become live. What it shares with the package cache counts in full.",
  max_build_seconds: "After it an install, an update or a check is stopped: timed out.",
};

export function PackagesForm({ settings, change }: { settings: SettingsView; change: ChangeSettings }) {
  const set = settings.set.packages;
  const standard = settings.defaults.packages.cool_down_days;
  const [text, setText] = useState(() => typed(set));
  const patch = patchOf(text, set);
  const { error } = change;
  const write = (part: Partial<typeof text>) => setText({ ...text, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!patch) return;
    // Without blank lines the line that a refusal names is the line that is seen.
    write(Object.fromEntries(LISTS.map((name) => [name, linesIn(text[name]).join("\n")])));
    change.mutate({ packages: patch }, { onSuccess: (view) => setText(typed(view.set.packages)) });
  };
  const list = (name: ListName) => (
    <ListField
      key={name}
      {...FIELDS[name]}
      text={text[name]}
      onChange={(next) => write({ [name]: next })}
      error={refusalOf(error, name)}
    />
  );
  return (
    <Panel
      id="packages"
      title="Packages"
      actions={<span className="text-ink-3 text-xs max-sm:hidden">What may be installed, and from where</span>}
    >
      <form onSubmit={submit}>
        <div className="grid items-start gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
          {list("default_requirements")}
          <Field
            label="Cool-down"
            hint="Releases younger than this are not considered, so that a bad one is found by others first. 0 is off."
            error={parseDays(text.days) === "wrong" ? "Whole days, 0, or nothing." : refusalOf(error, "cool_down_days")}
            aside={
              <span className="flex h-5 items-center gap-0.5 text-ink-3 text-xs">
                default <span className="num ml-1">{standard} days</span>
                {text.days.trim() === "" ? null : (
                  <IconButton dense label="Cool-down: back to the default" onClick={() => write({ days: "" })}>
                    <RotateCcw />
                  </IconButton>
                )}
              </span>
            }
          >
            {(control) => (
              <div className="relative">
                <Input
                  {...control}
                  inputMode="numeric"
                  autoComplete="off"
                  className="num pr-14"
                  placeholder={String(standard)}
                  value={text.days}
                  onChange={(event) => write({ days: event.target.value })}
                />
                {/^\s*\d+\s*$/.test(text.days) ? (
                  <span aria-hidden className="pointer-events-none absolute top-[7px] right-2.5 text-ink-3 text-sm">
                    days
                  </span>
                ) : null}
              </div>
            )}
          </Field>
          {list("allow")}
          {list("deny")}
          <div className="sm:col-span-2">{list("extra_index_urls")}</div>
          {BOUND_NAMES.map((name) => (
            <QuantityField
              key={name}
              label={BOUNDS[name].label}
              quantity={BOUNDS[name].quantity}
              text={text[name]}
              onChange={(next) => write({ [name]: next })}
              standard={boundText(name, settings.defaults.packages[name])}
              hint={HINTS[name]}
              error={
                parseBound(name, text[name], set) === "wrong"
                  ? "A number above zero, or nothing."
                  : refusalOf(error, name)
              }
            />
          ))}
          {error && !hasPlace(error) ? (
            <ErrorNotice error={error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd
          changed={patch !== null}
          busy={change.isPending}
          note="It holds from the next install on. What is installed stays until then."
        />
      </form>
      {settings.indexes.length > 0 ? <IndexLoginsList indexes={settings.indexes} /> : null}
    </Panel>
  );
}

interface ListFieldProps {
  label: string;
  hint: ReactNode;
  example: string;
  text: string;
  onChange: (text: string) => void;
  error: string | null;
}

const ListField = ({ label, hint, example, text, onChange, error }: ListFieldProps) => (
  <Field label={label} hint={hint} error={error}>
    {(control) => (
      <textarea
        {...control}
        spellCheck={false}
        autoComplete="off"
        rows={Math.min(10, Math.max(3, text.split("\n").length))}
        placeholder={example}
        className={cn(controlClass, "w-full resize-y px-2.5 py-1.5 font-mono text-[12.5px] leading-5")}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    )}
  </Field>
);
