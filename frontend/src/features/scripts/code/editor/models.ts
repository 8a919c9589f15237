// One model per open file, named as the tools that know the script's environment see it: `file:///script/<path>`.
// The page shows one script at a time; another script's models go when it comes.
import { languageOf } from "./languages";
import { monaco } from "./monaco";

const ROOT = "/script/";
let owner: string | null = null;

export const uriOf = (path: string) => monaco.Uri.from({ scheme: "file", path: ROOT + path });

/** The path in the script's folder of a model that is one of its files. */
export const pathOf = (uri: monaco.Uri): string | null =>
  uri.scheme === "file" && uri.path.startsWith(ROOT) ? uri.path.slice(ROOT.length) : null;

export function modelOf(scriptId: string, path: string, text: string): monaco.editor.ITextModel {
  if (owner !== scriptId) keepModels(scriptId, () => false);
  const uri = uriOf(path);
  return monaco.editor.getModel(uri) ?? monaco.editor.createModel(text, languageOf(path), uri);
}

/** Lets go of the models of files that are no longer open, or of another script. */
export function keepModels(scriptId: string, isOpen: (path: string) => boolean) {
  const foreign = owner !== scriptId;
  owner = scriptId;
  for (const model of monaco.editor.getModels()) {
    const path = pathOf(model.uri);
    if (path !== null && (foreign || !isOpen(path)) && !model.isAttachedToEditor()) model.dispose();
  }
}
