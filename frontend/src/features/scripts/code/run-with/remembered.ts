// What a script was lately run with, in this browser only. Values of variables whose names speak of a secret are not
// kept at all, only their names.
import { recall, remember } from "~/lib/storage";

export interface RunWith {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

const MOST = 5;

export const isSecretName = (name: string): boolean =>
  /pass(word|wd|phrase)?$|passw|secret|token|api_?key|private_?key|credential|auth/i.test(name);

const keyOf = (scriptId: string) => `run-with.${scriptId}`;
const without = (run: RunWith): RunWith => ({
  args: run.args,
  env: Object.fromEntries(Object.entries(run.env).map(([name, value]) => [name, isSecretName(name) ? "" : value])),
});
const isEmpty = (run: RunWith) => run.args.length === 0 && Object.keys(run.env).length === 0;

export function lately(scriptId: string): RunWith[] {
  try {
    const stored: unknown = JSON.parse(recall(keyOf(scriptId)) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isRunWith) : [];
  } catch {
    return [];
  }
}

/** The newest first, each once. */
export function rememberRun(scriptId: string, run: RunWith): RunWith[] {
  if (isEmpty(run)) return lately(scriptId);
  const kept = without(run);
  const same = JSON.stringify(kept);
  const next = [kept, ...lately(scriptId).filter((each) => JSON.stringify(each) !== same)].slice(0, MOST);
  remember(keyOf(scriptId), JSON.stringify(next));
  return next;
}

export const forgetRuns = (scriptId: string) => remember(keyOf(scriptId), null);

function isRunWith(value: unknown): value is RunWith {
  if (typeof value !== "object" || value === null || !("args" in value) || !("env" in value)) return false;
  const { args, env } = value;
  return (
    Array.isArray(args) &&
    args.every((arg) => typeof arg === "string") &&
    typeof env === "object" &&
    env !== null &&
    Object.values(env).every((each) => typeof each === "string")
  );
}
