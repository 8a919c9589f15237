// A list of variables while it is edited: rows, what is wrong with them, and what is asked of the server. Pure.
import type { Variable, Wish } from "./requests";

export interface Row {
  key: number;
  name: string;
  /** Null: a stored secret keeps the value that nobody is shown. */
  value: string | null;
  secret: boolean;
  description: string;
  /** What is stored under this name, if the row came from there. */
  stored: Variable | null;
}

let keys = 0;

export const newRow = (part: Partial<Row> = {}): Row => ({
  key: ++keys,
  name: "",
  value: "",
  secret: false,
  description: "",
  stored: null,
  ...part,
});

export const rowsOf = (variables: readonly Variable[]): Row[] =>
  variables.map((stored) =>
    newRow({
      name: stored.name,
      // One that is not there yet is typed, and there is nothing to keep.
      value: stored.secret ? (stored.to_be_entered ? "" : null) : (stored.value ?? ""),
      secret: stored.secret,
      description: stored.description,
      stored,
    }),
  );

/** Rows in which nothing was typed yet. */
const isEmpty = (row: Row) => row.stored === null && row.name.trim() === "" && !row.value && row.description === "";

export const wishesOf = (rows: readonly Row[]): Wish[] =>
  rows
    .filter((row) => !isEmpty(row))
    .map((row) => {
      const open = row.secret && row.value === "" && row.stored?.to_be_entered;
      return {
        name: row.name.trim(),
        secret: row.secret,
        description: row.description.trim(),
        ...(row.value === null || open ? {} : { value: row.value }),
      };
    });

export function isChanged(rows: readonly Row[], stored: readonly Variable[]): boolean {
  const before = wishesOf(rowsOf(stored));
  const now = wishesOf(rows);
  return JSON.stringify(now) !== JSON.stringify(before);
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = new Set(["LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD", "PATH", "PYTHONHOME", "VIRTUAL_ENV"]);

/** Why a row cannot be saved, or null. */
export function problemOf(row: Row, rows: readonly Row[]): string | null {
  if (isEmpty(row)) return null;
  const name = row.name.trim();
  if (name === "") return "It needs a name.";
  if (!NAME.test(name)) return "A name has letters, digits and _, and does not begin with a digit.";
  if (name.startsWith("PYTASK_")) return "Names that begin with PYTASK_ are set by PyTask-Manager.";
  if (RESERVED.has(name)) return `${name} is set by PyTask-Manager for every run.`;
  if (rows.some((other) => other !== row && other.name.trim() === name)) return "This name is there twice.";
  if (row.secret && row.value === "" && !row.stored?.to_be_entered) return "A secret needs a value.";
  return null;
}

/** Of what is shorter no log is cleaned: it would be found everywhere. The server counts the same way. */
const SHORTEST_MASKED = 6;

/** What is allowed and worth a thought, or null. */
export function remarkOf(row: Row): string | null {
  if (!row.secret) return null;
  if (row.stored?.to_be_entered && row.value === "")
    return row.stored.trouble && !row.stored.trouble.includes("no value yet")
      ? "Its value can no longer be read. Runs do not start until it is entered again."
      : "Its value is still to be entered. Runs do not start without it.";
  if (row.stored && !row.stored.secret)
    return "It was no secret so far: what runs have printed and copies that were made still have its value. Better enter a new one.";
  const short =
    row.value === null ? !row.stored?.masked : new TextEncoder().encode(row.value.trim()).length < SHORTEST_MASKED;
  if (short && row.value !== "")
    return `Shorter than ${SHORTEST_MASKED} characters, so it is not masked in logs: a run that prints it shows it.`;
  return null;
}

/** A row's secret is replaced, or the replacement is taken back. */
export const replacing = (row: Row, on: boolean): Row => ({ ...row, value: on ? "" : null });

/** Turning the secret off needs a value to show; a stored one is never shown. */
export function toggled(row: Row, secret: boolean): Row {
  const kept = row.value === null;
  if (secret && row.stored?.secret && !row.stored.to_be_entered && row.value === "")
    return { ...row, secret, value: null };
  return { ...row, secret, value: kept ? "" : row.value };
}

/** Takes entries of a .env over: those that are there get the new value, the others are added. */
export function withEntries(
  rows: readonly Row[],
  entries: readonly { name: string; value: string; secret: boolean }[],
) {
  const next = rows.filter((row) => !isEmpty(row));
  for (const entry of entries) {
    const at = next.findIndex((row) => row.name.trim() === entry.name);
    const there = next[at];
    if (there) next[at] = { ...there, value: entry.value, secret: there.secret || entry.secret };
    else next.push(newRow(entry));
  }
  return next;
}
