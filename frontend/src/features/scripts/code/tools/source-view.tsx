// A source of a package or of Python itself, where a definition led: to read, over the editor, until it is closed.
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { IconButton } from "~/components/ui/button";
import { LOOKS, monaco } from "../editor/monaco";

interface SourceViewProps {
  model: monaco.editor.ITextModel;
  line: number;
  onClose: () => void;
}

export function SourceView({ model, line, onClose }: SourceViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    if (!host.current || model.isDisposed()) return;
    const editor = monaco.editor.create(host.current, {
      ...LOOKS,
      model,
      readOnly: true,
      domReadOnly: true,
      ariaLabel: "Source of a package, to read",
    });
    editor.setPosition({ lineNumber: Math.min(line, model.getLineCount()), column: 1 });
    editor.revealLineInCenter(Math.min(line, model.getLineCount()), monaco.editor.ScrollType.Immediate);
    editor.focus();
    editor.addCommand(monaco.KeyCode.Escape, () => close.current());
    return () => editor.dispose();
  }, [model, line]);
  return (
    <section aria-label="Source" className="absolute inset-0 z-10 flex flex-col bg-panel" data-testid="source">
      <div className="flex h-9 shrink-0 items-center gap-2 border-line border-b pr-1 pl-3 text-sm">
        <span className="truncate-line min-w-0 flex-1 font-mono text-[12.5px]">{model.uri.path}</span>
        <span className="shrink-0 text-ink-3 text-xs">to read</span>
        <IconButton label="Close the source" hint="Close (Esc)" onClick={onClose}>
          <X />
        </IconButton>
      </div>
      <div ref={host} className="relative min-h-0 flex-1" />
    </section>
  );
}
