// Frames of a traceback as they are shown: a script's own one by one, those of libraries between them as one fold. Pure.
import type { Frame } from "~/api/types";

export type FrameGroup = { own: true; frame: Frame } | { own: false; frames: Frame[] };

export function groupFrames(frames: readonly Frame[]): FrameGroup[] {
  const groups: FrameGroup[] = [];
  for (const frame of frames) {
    const last = groups.at(-1);
    if (frame.script_path != null) groups.push({ own: true, frame });
    else if (last && !last.own) last.frames.push(frame);
    else groups.push({ own: false, frames: [frame] });
  }
  return groups;
}

/** A library's file without the folders that all of them share. */
export function libraryFile(file: string): string {
  return /(?:site-packages|dist-packages)\/(.+)$/.exec(file)?.[1] ?? /\/python3[^/]*\/(.+)$/.exec(file)?.[1] ?? file;
}
