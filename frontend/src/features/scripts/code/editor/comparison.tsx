// Two texts side by side, or as one on a phone, with their differences marked. Either side may be edited.
import { useEffect, useRef } from "react";
import { usePhone } from "~/lib/media";
import { useStore } from "~/lib/store";
import { theme } from "~/lib/theme";
import { languageOf } from "./languages";
import { applyEditorColours, LOOKS, monaco } from "./monaco";

interface ComparisonProps {
  path: string;
  left: string;
  right: string;
  /** Told what the right side holds after each change; without it that side is only for reading. */
  onRight?: ((text: string) => void) | undefined;
  /** The left side may be edited, too: what is cut there can be pasted. */
  leftEditable?: boolean;
}

export default function Comparison({ path, left, right, onRight, leftEditable = false }: ComparisonProps) {
  const host = useRef<HTMLDivElement>(null);
  const models = useRef<{ original: monaco.editor.ITextModel; modified: monaco.editor.ITextModel } | null>(null);
  const current = useStore(theme);
  const phone = usePhone();
  const begun = useRef({ left, right });
  const told = useRef(onRight);
  told.current = onRight;
  const editable = onRight !== undefined;

  useEffect(() => applyEditorColours(current), [current]);

  useEffect(() => {
    if (!host.current) return;
    const language = languageOf(path);
    const original = monaco.editor.createModel(begun.current.left, language);
    const modified = monaco.editor.createModel(begun.current.right, language);
    models.current = { original, modified };
    const editor = monaco.editor.createDiffEditor(host.current, {
      ...LOOKS,
      readOnly: !editable,
      originalEditable: leftEditable && !phone,
      renderSideBySide: !phone,
      useInlineViewWhenSpaceIsLimited: false,
      renderMarginRevertIcon: editable,
      renderGutterMenu: false,
      renderOverviewRuler: false,
      hideUnchangedRegions: { enabled: !editable },
      originalAriaLabel: "Before",
      modifiedAriaLabel: "After",
    });
    editor.setModel({ original, modified });
    const typing = modified.onDidChangeContent(() => told.current?.(modified.getValue()));
    const first = editor.onDidUpdateDiff(() => {
      first.dispose();
      editor.revealFirstDiff();
    });
    return () => {
      typing.dispose();
      first.dispose();
      editor.dispose();
      original.dispose();
      modified.dispose();
      models.current = null;
    };
  }, [path, phone, editable, leftEditable]);

  // Another text to look at; what is typed on the right comes back as the same text.
  useEffect(() => {
    begun.current = { left, right };
    const shown = models.current;
    if (!shown) return;
    if (!shown.original.isDisposed() && shown.original.getValue() !== left && !leftEditable)
      shown.original.setValue(left);
    if (shown.modified.getValue() !== right) shown.modified.setValue(right);
  }, [left, right, leftEditable]);

  return <div ref={host} className="absolute inset-0" data-testid="comparison" />;
}
