// An import that the language server does not find, as the module's name: pure.
import type { Found } from "./problems";

const NAMED = /`([A-Za-z_][\w.]*)`/;

/** `null` for every other problem, and for imports of the script's own files. */
export function missingImport(problem: Pick<Found, "code" | "message">): string | null {
  if (problem.code !== "unresolved-import") return null;
  return NAMED.exec(problem.message)?.[1] ?? null;
}
