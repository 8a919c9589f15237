// A run with arguments and variables of its own: what is typed, and exactly what will be passed.
import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { Run, Script } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { Dialog } from "~/components/ui/dialog";
import { CodeInput, Field } from "~/components/ui/field";
import { GivenList } from "~/features/variables/given-list";
import { joinWords, splitLine } from "./arguments";
import { isSecretName, lately, type RunWith } from "./remembered";

interface Variable {
  key: number;
  name: string;
  value: string;
}

interface RunWithDialogProps {
  script: Script;
  busy: boolean;
  onClose: () => void;
  /** Answers the run, or null when none was started. */
  onRun: (run: RunWith) => Promise<Run | null>;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
let keys = 0;
const variable = (name = "", value = ""): Variable => ({ key: ++keys, name, value });
const variablesOf = (run: RunWith | undefined) =>
  Object.entries(run?.env ?? {}).map(([name, value]) => variable(name, value));

export function RunWithDialog({ script, busy, onClose, onRun }: RunWithDialogProps) {
  const [known] = useState(() => lately(script.id));
  const [line, setLine] = useState(() => joinWords(known[0]?.args ?? []));
  const [variables, setVariables] = useState(() => variablesOf(known[0]));
  const split = splitLine(line);
  const words = "words" in split ? split.words : [];
  const problem = "problem" in split ? split.problem : null;
  const used = variables.filter((each) => each.name.trim() !== "" || each.value !== "");
  const names = used.map((each) => each.name.trim());
  const wrongName = (each: Variable): string | null => {
    const name = each.name.trim();
    if (name === "" && each.value === "") return null;
    if (!NAME.test(name)) return "A name has letters, digits and _, and does not begin with a digit.";
    return names.indexOf(name) !== names.lastIndexOf(name) ? "This name is there twice." : null;
  };
  const fine = problem === null && used.every((each) => wrongName(each) === null);
  const secret = names.find(isSecretName);
  const go = async () => {
    if (!fine || busy) return;
    const env = Object.fromEntries(used.map((each) => [each.name.trim(), each.value]));
    if (await onRun({ args: words, env })) onClose();
  };
  const change = (key: number, part: Partial<Variable>) =>
    setVariables(variables.map((each) => (each.key === key ? { ...each, ...part } : each)));

  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Run with…"
      description="Only for this run; what is unsaved is saved first."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={busy} disabled={!fine} onClick={() => void go()}>
            Run
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <Field
          label="Arguments"
          hint="As in a shell: spaces part them, quotation marks hold them together. Variables and patterns are not filled in."
          error={problem}
        >
          {(control) => (
            <CodeInput
              {...control}
              placeholder="--day yesterday --title 'two words'"
              value={line}
              onChange={(event) => setLine(event.target.value)}
            />
          )}
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 font-medium text-ink text-sm">Variables</legend>
          {variables.map((each, index) => {
            const wrong = wrongName(each);
            return (
              <div key={each.key}>
                <div className="flex items-center gap-2">
                  <CodeInput
                    aria-label={`Name of variable ${index + 1}`}
                    aria-invalid={wrong !== null}
                    placeholder="NAME"
                    className="w-2/5"
                    value={each.name}
                    onChange={(event) => change(each.key, { name: event.target.value })}
                  />
                  <CodeInput
                    aria-label={`Value of ${each.name || `variable ${index + 1}`}`}
                    placeholder="value"
                    type={isSecretName(each.name) ? "password" : "text"}
                    value={each.value}
                    onChange={(event) => change(each.key, { value: event.target.value })}
                  />
                  <IconButton
                    label={`Remove ${each.name || "the variable"}`}
                    onClick={() => setVariables(variables.filter((other) => other !== each))}
                  >
                    <X />
                  </IconButton>
                </div>
                {wrong ? <p className="mt-1 text-fail text-xs">{wrong}</p> : null}
              </div>
            );
          })}
          <Button
            size="sm"
            look="quiet"
            className="self-start"
            onClick={() => setVariables([...variables, variable()])}
          >
            <Plus aria-hidden /> Add a variable
          </Button>
          {secret ? (
            <Caution>
              The value of <code className="num">{secret}</code> is not remembered here, but a run’s variables are shown
              with the run.
            </Caution>
          ) : null}
        </fieldset>
        <section
          aria-label="What is passed"
          data-testid="passed"
          className="rounded-md border border-line bg-sunken px-3 py-2"
        >
          <h3 className="mb-1 font-medium text-ink-3 text-xs">What is passed</h3>
          <ol className="flex flex-wrap gap-1 font-mono text-[12.5px]">
            <li className="text-ink-3">python {script.entry_point}</li>
            {words.map((word, index) => (
              <li
                // biome-ignore lint/suspicious/noArrayIndexKey: a word's place is what it is known by.
                key={index}
                className="whitespace-pre-wrap rounded-sm border border-line bg-panel px-1.5 [overflow-wrap:anywhere]"
              >
                {word === "" ? <span className="text-ink-3">(empty)</span> : word}
              </li>
            ))}
            {words.length === 0 ? <li className="text-ink-3">without arguments</li> : null}
          </ol>
          {used.length > 0 ? (
            <ul className="mt-1 font-mono text-[12.5px]">
              {used.map((each) => (
                <li key={each.key} className="[overflow-wrap:anywhere]">
                  {each.name.trim()}={isSecretName(each.name) ? "•".repeat(Math.min(8, each.value.length)) : each.value}
                </li>
              ))}
            </ul>
          ) : null}
        </section>
        <GivenList scriptId={script.id} own={names} />
        {known.length > 0 ? (
          <section aria-label="Lately">
            <h3 className="mb-1 font-medium text-ink-3 text-xs">Lately, in this browser</h3>
            <ul className="flex flex-col">
              {known.map((run) => (
                <li key={JSON.stringify(run)}>
                  <button
                    type="button"
                    onClick={() => {
                      setLine(joinWords(run.args));
                      setVariables(variablesOf(run));
                    }}
                    className="num truncate-line w-full rounded-sm px-2 py-1 text-left text-ink-2 hover:bg-hover hover:text-ink"
                  >
                    {runWords(run)}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ) : null}
        {/* Enter in a field runs. */}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}

/** In one line; the values of secrets were never kept. */
export const runWords = (run: RunWith): string =>
  [
    ...Object.entries(run.env).map(([name, value]) => `${name}=${isSecretName(name) ? "…" : joinWords([value])}`),
    joinWords(run.args),
  ]
    .filter(Boolean)
    .join(" ");
