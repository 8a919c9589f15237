// Whether a file is edited here, only looked at, or both; and what kind of file it is in words. Pure.
import { extensionOf, kindOf } from "~/components/preview/kinds";
import type { FolderEntry } from "../contract";

/** Above this a text is offered for download instead. */
export const EDITABLE_BYTES = 2 * 1024 * 1024;

export interface Ways {
  edit: boolean;
  preview: boolean;
}

/** A file that is not listed (yet) may well be one to edit. */
export function waysOf(entry: FolderEntry | undefined): Ways {
  if (!entry) return { edit: true, preview: false };
  const kind = kindOf(entry.path, entry.text);
  const edit = entry.kind === "file" && entry.text && entry.size <= EDITABLE_BYTES;
  return { edit, preview: !edit || !["text", "other"].includes(kind) };
}

const WORDS = {
  image: "Picture",
  csv: "Table",
  json: "JSON",
  markdown: "Markdown",
  html: "Page",
  pdf: "PDF",
  text: "Text",
  other: "Binary file",
} as const;

export function fileWords(entry: FolderEntry): string {
  const extension = extensionOf(entry.path);
  if (extension === "py") return "Python";
  const word = WORDS[kindOf(entry.path, entry.text)];
  return extension && (word === "Picture" || word === "Binary file") ? `${word} (${extension})` : word;
}
