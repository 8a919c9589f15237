// Requirements as edited: pure helpers around a list of lines.
import { ApiError } from "~/api/client";

/** What is sent: no blank lines, no comments. */
export const cleanRequirements = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));

export const sameRequirements = (a: readonly string[], b: readonly string[]): boolean => {
  const [left, right] = [cleanRequirements(a), cleanRequirements(b)];
  return left.length === right.length && left.every((line, index) => line === right[index]);
};

/** The edited line that a refusal points at ("requirements[2]", "requirements.2"), counted as edited. */
export function wrongLine(error: unknown, lines: readonly string[]): number | null {
  if (!(error instanceof ApiError) || !error.field) return null;
  const sent = /^requirements[[.](\d+)/.exec(error.field)?.[1];
  if (sent === undefined) return null;
  const kept = lines.flatMap((line, index) => (cleanRequirements([line]).length > 0 ? [index] : []));
  return kept[Number(sent)] ?? null;
}
