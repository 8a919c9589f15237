// The editor with the tools that know the script's environment, and what a definition in another file leads to: a file of
// the script in its tab, a source of a package beside it, to read.
import { useCallback, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { useStore } from "~/lib/store";
import Editor, { type EditorProps } from "../editor/editor";
import type { monaco } from "../editor/monaco";
import type { OnEditor } from "../editor/seam";
import { SourceView } from "./source-view";
import { onAskedAgain, toolsStatus } from "./status";
import { attachTools, formatRefusal, languageOf, openPlaces } from "./use-tools";

interface EquippedEditorProps extends Omit<EditorProps, "onEditor"> {
  onPlace: (path: string, line: number) => void;
}

export default function EquippedEditor({ onPlace, ...props }: EquippedEditorProps) {
  const [source, setSource] = useState<{ model: monaco.editor.ITextModel; line: number } | null>(null);
  const place = useRef(onPlace);
  place.current = onPlace;
  const refusal = useStore(formatRefusal);

  useEffect(() => {
    const opener = openPlaces({
      onFile: (path, line) => place.current(path, line),
      onSource: (model, line) => setSource({ model, line }),
    });
    return () => opener.dispose();
  }, []);

  useEffect(() => {
    if (refusal) toast.error("Not formatted", { description: refusal.message });
  }, [refusal]);

  const onEditor = useCallback<OnEditor>((shown) => {
    const language = languageOf(shown.scriptId);
    const tell = () => toolsStatus.set(language.status.get());
    const listening = language.status.subscribe(tell);
    onAskedAgain(() => language.again());
    const end = attachTools(shown);
    tell();
    return () => {
      end?.();
      listening();
      onAskedAgain(null);
      toolsStatus.set({ state: "off" });
    };
  }, []);

  return (
    <>
      <Editor {...props} onEditor={onEditor} />
      {source ? <SourceView {...source} onClose={() => setSource(null)} /> : null}
    </>
  );
}
