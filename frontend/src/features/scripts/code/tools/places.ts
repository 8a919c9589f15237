// The files that a server's answer leads to. Monaco's client refuses an answer of which it has no model, so they are
// looked up before it hears of them, and what cannot be had is left out. Pure.

const NAMES = new Set(["uri", "targetUri"]);

/** Addresses of files in an answer, each once. */
export function filesIn(result: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(result)) for (const item of result) filesIn(item, found);
  else if (typeof result === "object" && result !== null)
    for (const [name, value] of Object.entries(result)) {
      if (typeof value !== "string") filesIn(value, found);
      else if (NAMES.has(name) && value.startsWith("file://")) found.add(value);
    }
  return found;
}

/** The answer without the entries that lead to something that is not there. */
export function without(result: unknown, there: ReadonlySet<string>): unknown {
  const leadsNowhere = (part: unknown) => [...filesIn(part)].some((file) => !there.has(file));
  if (Array.isArray(result)) return result.filter((item) => !leadsNowhere(item));
  return leadsNowhere(result) ? null : result;
}

export type Place =
  | { kind: "file"; path: string }
  /** Of a package or of Python itself, read-only. */
  | { kind: "source"; path: string };

const SCRIPT = "/script/";

/** Where an address leads, by its decoded path. */
export const placeOf = (path: string): Place =>
  path.startsWith(SCRIPT) ? { kind: "file", path: path.slice(SCRIPT.length) } : { kind: "source", path };
