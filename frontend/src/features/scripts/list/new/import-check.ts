// What can be imported at all, said before anything is sent. Pure. The server holds the same bounds, and more.
import { formatBytes } from "~/lib/format";

export const ACCEPTED = ".py,.zip,.tar.gz,.tgz";
const KINDS = /\.(py|zip|tgz|tar\.gz)$/i;
const MOST_BYTES = 64 * 1024 * 1024;

export function cannotImport(file: Pick<File, "name" | "size">): string | null {
  if (!KINDS.test(file.name))
    return `${file.name} is none of .py, .zip, .tar.gz, .tgz. Put the files into an archive and drop that.`;
  if (file.size === 0) return `${file.name} is empty, or a folder. Put the folder into an archive and drop that.`;
  if (file.size > MOST_BYTES)
    return `${file.name} has ${formatBytes(file.size)}; at most ${formatBytes(MOST_BYTES)} can be imported. Leave data out and upload it to the script's folder later.`;
  return null;
}
