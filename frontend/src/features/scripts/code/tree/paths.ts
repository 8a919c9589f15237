// Paths in a script's folder: words between slashes, relative, as the server lists them. Pure.

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const joined = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);
export const isWithin = (path: string, folder: string): boolean => folder === "" || path.startsWith(`${folder}/`);

/** Every folder above a path, the outermost first. */
export function foldersAbove(path: string): string[] {
  const words = path.split("/").slice(0, -1);
  return words.map((_, index) => words.slice(0, index + 1).join("/"));
}

/** Where a path is once `from` is called `to`; null when it is not concerned. */
export function movedPath(path: string, from: string, to: string): string | null {
  if (path === from) return to;
  return isWithin(path, from) && from !== "" ? to + path.slice(from.length) : null;
}

/** Why something cannot be moved into a folder; null when it can. */
export function moveRefusal(path: string, folder: string, present: ReadonlySet<string>): string | null {
  if (parentOf(path) === folder) return "It is there already.";
  if (path === folder || isWithin(folder, path)) return "A folder cannot be moved into itself.";
  const to = joined(folder, nameOf(path));
  return present.has(to) ? `There is a ${to} already.` : null;
}

/** What is wrong with a name that was typed, before the server is asked; null when nothing is. */
export function nameRefusal(path: string): string | null {
  if (path.startsWith("/") || path.split("/").some((word) => word === ".." || word === "." || word === ""))
    return "A name cannot begin or end with a slash, or hold “..”.";
  return null;
}
