// Models of files that nobody has opened and a definition leads to: the script's own by its files, others' by the tools'
// sources. A few are kept; whoever shows one opens it by its address as any other.
import * as monaco from "monaco-editor/editor";
import { raw } from "~/api/client";
import { readFile } from "~/api/files";
import { placeOf } from "./places";

const MOST_KEPT = 20;
const kept: monaco.editor.ITextModel[] = [];

async function textOf(scriptId: string, uri: monaco.Uri): Promise<string | null> {
  const { kind, path } = placeOf(uri.path);
  try {
    if (kind === "file") return (await readFile(scriptId, path)).text;
    return await (await raw(`/scripts/${scriptId}/tools/source?path=${encodeURIComponent(path)}`)).text();
  } catch {
    // Not there, too large, or no tools: then it leads nowhere.
    return null;
  }
}

async function isThere(scriptId: string, address: string): Promise<boolean> {
  const uri = monaco.Uri.parse(address);
  if (monaco.editor.getModel(uri)) return true;
  const text = await textOf(scriptId, uri);
  if (text === null) return false;
  // Another answer may have led here meanwhile.
  if (monaco.editor.getModel(uri)) return true;
  kept.push(monaco.editor.createModel(text, "python", uri));
  while (kept.length > MOST_KEPT) {
    const oldest = kept.shift();
    if (oldest && !oldest.isDisposed() && !oldest.isAttachedToEditor()) oldest.dispose();
  }
  return true;
}

/** Those of the addresses that have a model now. */
export async function prepared(scriptId: string, addresses: Iterable<string>): Promise<Set<string>> {
  const there = new Set<string>();
  const looked = [...addresses].slice(0, MOST_KEPT).map(async (address) => {
    if (await isThere(scriptId, address)) there.add(address);
  });
  await Promise.all(looked);
  return there;
}
