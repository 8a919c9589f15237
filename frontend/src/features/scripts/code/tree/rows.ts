// The folder as a tree, and the tree as the rows that are in sight. Pure.
import type { FolderEntry } from "../contract";
import { nameOf, parentOf } from "./paths";

export interface Node {
  path: string;
  name: string;
  kind: FolderEntry["kind"];
  /** Null for a folder that is only known from what it holds. */
  entry: FolderEntry | null;
  children: Node[];
}

export interface Row {
  node: Node;
  /** From 1, as screen readers count. */
  level: number;
  /** Its place among its siblings, from 1. */
  place: number;
  siblings: number;
  open: boolean;
}

const before = (a: Node, b: Node): number =>
  Number(b.kind === "directory") - Number(a.kind === "directory") ||
  NAMES.compare(a.name, b.name) ||
  (a.name < b.name ? -1 : 1);
const NAMES = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Folders first, then by name, numbers as numbers. A folder that is not listed itself is made up. */
export function treeOf(entries: readonly FolderEntry[]): Node[] {
  const nodes = new Map<string, Node>();
  const roots: Node[] = [];
  const place = (node: Node) => {
    nodes.set(node.path, node);
    const parent = parentOf(node.path);
    if (parent === "") roots.push(node);
    else folder(parent).children.push(node);
  };
  const folder = (path: string): Node => {
    const known = nodes.get(path);
    if (known) return known;
    const made: Node = { path, name: nameOf(path), kind: "directory", entry: null, children: [] };
    place(made);
    return made;
  };
  for (const entry of entries) {
    const known = nodes.get(entry.path);
    if (known) known.entry = entry;
    else place({ path: entry.path, name: nameOf(entry.path), kind: entry.kind, entry, children: [] });
  }
  roots.sort(before);
  for (const node of nodes.values()) if (node.children.length > 1) node.children.sort(before);
  return roots;
}

export function rowsOf(roots: readonly Node[], opened: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const walk = (nodes: readonly Node[], level: number) => {
    for (const [index, node] of nodes.entries()) {
      const open = node.kind === "directory" && opened.has(node.path);
      rows.push({ node, level, place: index + 1, siblings: nodes.length, open });
      if (open) walk(node.children, level + 1);
    }
  };
  walk(roots, 1);
  return rows;
}

/** Only what fits the words, with the folders above it; all of those are open. */
export function fitting(entries: readonly FolderEntry[], words: string): Row[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = entries.filter((entry) => wanted.every((word) => entry.path.toLowerCase().includes(word)));
  const roots = treeOf(hits);
  const opened = new Set<string>();
  const walk = (nodes: readonly Node[]) => {
    for (const node of nodes) {
      if (node.kind === "directory") opened.add(node.path);
      walk(node.children);
    }
  };
  walk(roots);
  return rowsOf(roots, opened);
}

export type TreeMove =
  | { go: number }
  | { open: string }
  | { close: string }
  /** The key does nothing here. */
  | null;

/** What an arrow key does in a tree, as the ARIA practices have it. */
export function treeMove(rows: readonly Row[], at: number, key: string): TreeMove {
  const row = rows[at];
  if (!row) return rows.length > 0 && /^(Arrow|Home|End)/.test(key) ? { go: 0 } : null;
  const folder = row.node.kind === "directory";
  switch (key) {
    case "ArrowDown":
      return { go: Math.min(at + 1, rows.length - 1) };
    case "ArrowUp":
      return { go: Math.max(at - 1, 0) };
    case "Home":
      return { go: 0 };
    case "End":
      return { go: rows.length - 1 };
    case "ArrowRight":
      if (!folder) return null;
      if (!row.open) return { open: row.node.path };
      return row.node.children.length > 0 ? { go: at + 1 } : null;
    case "ArrowLeft": {
      if (folder && row.open) return { close: row.node.path };
      const parent = parentOf(row.node.path);
      const index = rows.findIndex((each) => each.node.path === parent);
      return index >= 0 ? { go: index } : null;
    }
    default:
      return null;
  }
}

/** The next row whose name begins with what was typed, after this one and then from the top. */
export function typedAhead(rows: readonly Row[], at: number, typed: string): number | null {
  const start = typed.length > 1 ? at : at + 1;
  for (let step = 0; step < rows.length; step++) {
    const index = (start + step) % rows.length;
    if (rows[index]?.node.name.toLowerCase().startsWith(typed.toLowerCase())) return index;
  }
  return null;
}

/** The files of a folder, itself not counted; or the one file. */
export const filesBelow = (entries: readonly FolderEntry[], path: string): FolderEntry[] =>
  entries.filter((entry) => entry.kind !== "directory" && (entry.path === path || entry.path.startsWith(`${path}/`)));
