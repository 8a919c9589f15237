// What is said of a runner image: what it is, how far it is. Pure.
import type { RunnerImage } from "~/api/types";
import { formatBytes } from "~/lib/format";

/** Official images to begin with; anything else is typed. */
export const PYTHONS = ["3.14", "3.13", "3.12", "3.11", "3.10"] as const;
export const officialImage = (version: string): string => `python:${version}-slim-trixie`;

/** "Python 3.11.2 · 155 MiB · built on python:3.11 with ffmpeg" */
export function describeImage(image: RunnerImage): string {
  const parts = [
    image.python ? `Python ${image.python}` : null,
    image.size_bytes ? formatBytes(image.size_bytes) : null,
    image.origin === "built" ? `built on ${image.base}${withPackages(image.system_packages)}` : null,
    image.origin !== "built" && image.name !== image.base ? image.base : null,
  ];
  return parts.filter((part) => part !== null).join(" · ");
}

const withPackages = (names: readonly string[]): string => (names.length > 0 ? ` with ${names.join(", ")}` : "");

const NAMED = 5;

/** Which scripts use it, the first few by name. */
export function usersOf({ own, scripts }: RunnerImage): string {
  if (scripts.length === 0) return own ? "for scripts that name none" : "no script uses it";
  const more = scripts.length > NAMED ? ` and ${scripts.length - NAMED} more` : "";
  return `used by ${scripts.slice(0, NAMED).join(", ")}${more}`;
}

const PHASES = {
  waiting: "Waiting for the engine",
  pulling: "Pulling",
  building: "Building",
  examining: "Looking into it",
  removing: "Removing",
} as const;

/** In words, and as a share where it is known. */
export function progressOf({ phase, part, whole }: NonNullable<RunnerImage["progress"]>): {
  words: string;
  share: number | null;
} {
  const words = PHASES[phase];
  if (whole === 0) return { words, share: null };
  const share = part / whole;
  if (phase === "pulling") return { words: `${words}, ${formatBytes(part)} of ${formatBytes(whole)}`, share };
  if (phase === "building") return { words: `${words}, step ${Math.min(part + 1, whole)} of ${whole}`, share };
  return { words, share: null };
}

/** Names separated by spaces, commas or lines. */
export const namesIn = (text: string): string[] => text.split(/[\s,]+/).filter((name) => name !== "");
