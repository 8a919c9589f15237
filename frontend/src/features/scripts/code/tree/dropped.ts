// Files and folders that were dropped from the desktop or chosen in a dialog, with their paths below the target.
import { joined } from "./paths";

export interface Brought {
  path: string;
  body: File;
}

/** Must be called while the drop event is being handled; only what it began reading then can be read later. */
export function readDropped(data: DataTransfer): Promise<Brought[]> {
  const items = [...data.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const loose = items.map((item) => item.getAsFile());
  return Promise.all(
    entries.map((entry, index) => {
      const file = loose[index];
      if (entry) return walk(entry, "");
      return Promise.resolve(file ? [{ path: file.name, body: file }] : []);
    }),
  ).then((found) => found.flat());
}

/** A chosen folder's files say their path in it. */
export const chosenFiles = (files: FileList): Brought[] =>
  [...files].map((body) => ({ path: body.webkitRelativePath || body.name, body }));

async function walk(entry: FileSystemEntry, folder: string): Promise<Brought[]> {
  const path = joined(folder, entry.name);
  if (entry.isFile) {
    const body = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, body }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Brought[] = [];
  // A reader hands out at most a hundred at a time, and then none.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await walk(each, path)));
  }
}
