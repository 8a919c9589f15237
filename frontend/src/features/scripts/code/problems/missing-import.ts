// An import that the language server does not find, as the module's name: pure.
import type { Found } from "./problems";

/** As ty calls it now, and as it was called before. */
const CODES: readonly (string | undefined)[] = ["import-not-found", "unresolved-import"];
const NAMED = /`([A-Za-z_][\w.]*)`/;

/** `null` for every other problem, and for imports of the script's own files. */
export function missingImport(problem: Pick<Found, "code" | "message">): string | null {
  if (!CODES.includes(problem.code)) return null;
  return NAMED.exec(problem.message)?.[1] ?? null;
}
