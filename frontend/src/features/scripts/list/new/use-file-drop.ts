// Files that are dragged over the window: whether some are just now, and what was dropped, wherever on the page.
import { useEffect, useRef, useState } from "react";

export function useFileDrop(onFiles: (files: File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const tell = useRef(onFiles);
  tell.current = onFiles;
  useEffect(() => {
    /** Each element on the way says enter and leave: only when all were left, the files are gone. */
    let depth = 0;
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const end = () => {
      depth = 0;
      setIsOver(false);
    };
    const onEnter = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      depth++;
      setIsOver(true);
    };
    const onOver = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    };
    const onLeave = (event: DragEvent) => {
      if (isFiles(event) && --depth <= 0) end();
    };
    const onDrop = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      end();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) tell.current(files);
    };
    const hears = [
      ["dragenter", onEnter],
      ["dragover", onOver],
      ["dragleave", onLeave],
      ["drop", onDrop],
    ] as const;
    for (const [name, listener] of hears) window.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of hears) window.removeEventListener(name, listener);
    };
  }, []);
  return isOver;
}
