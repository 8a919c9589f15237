// Which language an editor takes a file for, by its name. Pure.
import { extensionOf } from "~/components/preview/kinds";
import { nameOf } from "../tree/paths";

const LANGUAGES: Readonly<Record<string, string>> = {
  py: "python",
  pyi: "python",
  md: "markdown",
  markdown: "markdown",
  // JSON's own support is a language server in the bundle; as a script it is coloured just as well.
  json: "javascript",
  geojson: "javascript",
  jsonl: "javascript",
  js: "javascript",
  yaml: "yaml",
  yml: "yaml",
  toml: "ini",
  ini: "ini",
  cfg: "ini",
  conf: "ini",
  sh: "shell",
  sql: "sql",
  html: "html",
  htm: "html",
  xml: "xml",
  svg: "xml",
  css: "css",
};

export const languageOf = (path: string): string =>
  LANGUAGES[extensionOf(path)] ?? (/^\.env/.test(nameOf(path)) ? "ini" : "plaintext");
