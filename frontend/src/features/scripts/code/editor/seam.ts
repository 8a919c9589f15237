// Where tools join the editor without the editor knowing them: told of each file that is shown, they may answer with
// what ends their interest once another is. Several tools are one, by `together`. A room of tools is a hook that answers
// an `OnEditor`, which the tab hands to `FileBody`; what it finds wrong it sets as marks, or says by `report`.
import type { monaco } from "./monaco";

export interface Shown {
  scriptId: string;
  editor: monaco.editor.IStandaloneCodeEditor;
  model: monaco.editor.ITextModel;
  /** The file's path in the script's folder. */
  path: string;
}

// biome-ignore lint/suspicious/noConfusingVoidType: as an effect's, the answer may be left out.
export type OnEditor = (shown: Shown) => (() => void) | void;

export const together =
  (...tools: readonly OnEditor[]): OnEditor =>
  (shown) => {
    const ends = tools.map((tool) => tool(shown));
    return () => {
      for (const end of ends) end?.();
    };
  };
