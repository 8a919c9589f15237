// What can be done to a script's folder, with what the rest of the page must learn from it: open files, tabs, the list.
import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "sonner";
import { ApiError, raw } from "~/api/client";
import { changeScript, renameFile } from "~/api/commands";
import { deleteFile, segments, writeFile } from "~/api/files";
import type { Script } from "~/api/types";
import { toastError } from "~/components/ui/error-notice";
import { plural } from "~/lib/format";
import type { FolderEntry } from "../contract";
import { deleteTree, makeFolder } from "../requests";
import type { Workspace } from "../workspace";
import type { Brought } from "./dropped";
import { isWithin, joined, movedPath, nameOf } from "./paths";
import { filesBelow } from "./rows";
import { uploadsOf } from "./uploads";

const MIB = 1024 * 1024;
/** Up to so much is kept in this page while its deletion can be undone. */
const UNDO = { files: 200, bytes: 32 * MIB };
const UNDO_MS = 12_000;

interface Around {
  script: Script;
  workspace: Workspace;
  entries: readonly FolderEntry[];
  onOpen: (path: string) => void;
  /** Tabs follow. */
  onMoved: (from: string, to: string) => void;
  onGone: (path: string) => void;
}

export type Folder = ReturnType<typeof useFolder>;

export function useFolder({ script, workspace, entries, onOpen, onMoved, onGone }: Around) {
  const queryClient = useQueryClient();
  const { id, entry_point: entryPoint } = script;
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["script", id] });
  const present = useMemo(() => new Set(entries.map((entry) => entry.path)), [entries]);

  const addFile = async (path: string) => {
    try {
      await writeFile(id, path, "", "absent");
      await refresh();
      onOpen(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 412)
        toast.error(`There is a file ${path} already`, { description: "It was left as it is." });
      else toastError(error, "No file was added.");
    }
  };

  const addFolder = async (path: string) => {
    try {
      await makeFolder(id, path);
      await refresh();
    } catch (error) {
      toastError(error, "No folder was added.");
    }
  };

  const move = async (from: string, to: string, quiet = false): Promise<void> => {
    try {
      await renameFile(id, from, to);
      workspace.moved(from, to);
      onMoved(from, to);
      const entry = movedPath(entryPoint, from, to);
      // What runs is what ran, under its new name.
      if (entry !== null) await changeScript(id, { entry_point: entry });
      await refresh();
      if (!quiet)
        toast(`${nameOf(from)} is now ${to}`, {
          action: { label: "Undo", onClick: () => void move(to, from, true) },
        });
    } catch (error) {
      toastError(error, `${from} stays where it is.`);
      await refresh();
    }
  };

  /** What deleting would take, and whether it can be taken back from here. */
  const weigh = (path: string) => {
    const files = filesBelow(entries, path);
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    return {
      files,
      bytes,
      untracked: files.filter((file) => file.tracked === false).length,
      undoable: files.length <= UNDO.files && bytes <= UNDO.bytes,
      runs: movedPath(entryPoint, path, path) !== null,
    };
  };

  const remove = async (path: string, folder: boolean) => {
    const { files, undoable } = weigh(path);
    try {
      const kept: { path: string; body: Blob }[] = [];
      if (undoable)
        for (const file of files)
          kept.push({
            path: file.path,
            body: await (await raw(`/scripts/${encodeURIComponent(id)}/files/${segments(file.path)}`)).blob(),
          });
      if (folder) await deleteTree(id, path);
      else await deleteFile(id, path);
      onGone(path);
      workspace.forget(path);
      await refresh();
      const said =
        folder && files.length > 0 ? `${path} with ${plural(files.length, "file")} is deleted` : `${path} is deleted`;
      if (undoable)
        toast(said, {
          duration: UNDO_MS,
          action: { label: "Undo", onClick: () => void putBack(path, folder, kept) },
        });
      else toast(said);
    } catch (error) {
      toastError(error, `${path} was not deleted.`);
      await refresh();
    }
  };

  const putBack = async (path: string, folder: boolean, kept: readonly { path: string; body: Blob }[]) => {
    try {
      if (folder && kept.length === 0) await makeFolder(id, path);
      for (const file of kept) await writeFile(id, file.path, file.body, "absent");
    } catch (error) {
      toastError(error, "Not all of it is back.");
    }
    await refresh();
  };

  const upload = async (brought: readonly Brought[], folder: string, replace: boolean) => {
    const uploads = brought.map(({ path, body }) => ({ path: joined(folder, path), body, replace }));
    if (uploads.length === 0) return;
    const state = await uploadsOf(id).add(uploads);
    await refresh();
    const [first] = state.refused;
    if (first)
      toast.error(
        state.refused.length === 1
          ? `${first.path} was not uploaded`
          : `${plural(state.refused.length, "file")} were not uploaded`,
        { description: `${first.error.message}${state.done > 0 ? ` ${plural(state.done, "other")} arrived.` : ""}` },
      );
    else if (state.done < state.files)
      toast(`Uploading was stopped after ${plural(state.done, "file")}`, { description: "What arrived is kept." });
    else toast(`${plural(state.done, "file")} uploaded`);
  };

  const makeEntry = async (path: string) => {
    try {
      await changeScript(id, { entry_point: path });
      await refresh();
      toast(`${path} is what runs now`, {
        action: { label: "Undo", onClick: () => void makeEntry(entryPoint) },
      });
    } catch (error) {
      toastError(error, `${entryPoint} is still what runs.`);
    }
  };

  const isFolder = (path: string) =>
    entries.some((entry) => (entry.path === path ? entry.kind === "directory" : isWithin(entry.path, path)));

  return { present, isFolder, addFile, addFolder, move, weigh, remove, upload, makeEntry };
}
