// Requirements as edited: pure helpers around a list of lines.
import { ApiError } from "~/api/client";

/** What counts: no blank lines, no comments. The server drops them as well. */
export const cleanRequirements = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));

export const sameRequirements = (a: readonly string[], b: readonly string[]): boolean => {
  const [left, right] = [cleanRequirements(a), cleanRequirements(b)];
  return left.length === right.length && left.every((line, index) => line === right[index]);
};

/** The line that a refusal points at, from 0. Lines are sent as they are edited, so it needs no translation. */
export function wrongLine(error: unknown): number | null {
  if (!(error instanceof ApiError) || error.field !== "requirements") return null;
  const { line } = error.details;
  return typeof line === "number" ? line : null;
}

/** The refusal, if it is about what is built from source. */
export function refusedSource(error: unknown): string | null {
  return error instanceof ApiError && error.field?.startsWith("build_from_source") ? error.message : null;
}
