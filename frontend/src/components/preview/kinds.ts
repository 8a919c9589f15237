// What a file is to people, by its name: the same table the server goes by for artifacts (src/api/view.rs).
import type { ArtifactKind } from "~/api/types";

const KINDS: Readonly<Record<string, ArtifactKind>> = {
  png: "image",
  jpg: "image",
  jpeg: "image",
  gif: "image",
  webp: "image",
  avif: "image",
  svg: "image",
  csv: "csv",
  tsv: "csv",
  json: "json",
  geojson: "json",
  md: "markdown",
  markdown: "markdown",
  html: "html",
  htm: "html",
  pdf: "pdf",
  txt: "text",
  log: "text",
  jsonl: "text",
  ndjson: "text",
};

export const extensionOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
};

/** `text`: its bytes begin like text, which decides where the name says nothing. */
export const kindOf = (path: string, text: boolean): ArtifactKind =>
  KINDS[extensionOf(path)] ?? (text ? "text" : "other");
