// The script's folder: which file is open, which are unsaved; add, rename, delete, upload, download.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FilePlus, MoreHorizontal, Play, Upload } from "lucide-react";
import { type ChangeEvent, useRef, useState } from "react";
import { toast } from "sonner";
import { raw } from "~/api/client";
import { renameFile } from "~/api/commands";
import { deleteFile, fileUrl, writeFile } from "~/api/files";
import { filesQuery } from "~/api/queries";
import type { FileEntry, Script } from "~/api/types";
import { IconButton } from "~/components/ui/button";
import { ErrorNotice, toastError } from "~/components/ui/error-notice";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import { NameInput } from "./name-input";
import type { Workspace } from "./workspace";

interface FileListProps {
  script: Script;
  workspace: Workspace;
  dirty: readonly string[];
  selected: string;
  onSelect: (path: string) => void;
}

export function FileList({ script, workspace, dirty, selected, onSelect }: FileListProps) {
  const files = useQuery(filesQuery(script.id));
  const queryClient = useQueryClient();
  const [naming, setNaming] = useState<"new" | string | null>(null);
  const upload = useRef<HTMLInputElement>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["script", script.id] });

  const add = async (path: string) => {
    setNaming(null);
    if (!path) return;
    try {
      await writeFile(script.id, path, "", "absent");
      await refresh();
      onSelect(path);
    } catch (error) {
      toastError(error, "No file was added.");
    }
  };
  const rename = async (from: string, to: string) => {
    setNaming(null);
    if (!to || to === from) return;
    try {
      if (dirty.includes(from) && !(await workspace.save(from))) return;
      await renameFile(script.id, from, to);
      workspace.forget(from);
      await refresh();
      if (selected === from) onSelect(to);
    } catch (error) {
      toastError(error, "The file keeps its name.");
    }
  };
  const remove = async (path: string) => {
    try {
      const body = await (await raw(fileUrl(script.id, path).replace("/api/v1", ""))).blob();
      await deleteFile(script.id, path);
      workspace.forget(path);
      await refresh();
      if (selected === path) onSelect(script.entry_point);
      toast(`${path} is deleted`, {
        duration: 12_000,
        action: {
          label: "Undo",
          onClick: () => {
            writeFile(script.id, path, body, "absent")
              .then(refresh)
              .catch((error: unknown) => toastError(error, "The file is still deleted."));
          },
        },
      });
    } catch (error) {
      toastError(error, "The file was not deleted.");
    }
  };
  const send = async (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = [...(event.target.files ?? [])];
    event.target.value = "";
    const present = new Set(files.data?.map((file) => file.path));
    const taken = chosen.filter((file) => present.has(file.name));
    const sent = chosen.filter((file) => !present.has(file.name));
    try {
      for (const file of sent) await writeFile(script.id, file.name, file, "absent");
      if (sent.length > 0) toast(`${plural(sent.length, "file")} uploaded`);
      if (taken.length > 0)
        toast.error(`${taken.map((file) => file.name).join(", ")} exists already`, {
          description: "It was not replaced. Delete or rename it first.",
        });
    } catch (error) {
      toastError(error, "Files after the refused one were not uploaded.");
    }
    await refresh();
  };

  return (
    <nav aria-label="Files" className="flex min-h-0 flex-col">
      <div className="flex h-9 shrink-0 items-center border-line border-b pr-1.5 pl-3">
        <span className="flex-1 text-ink-3 text-xs font-medium">Files</span>
        <IconButton label="Add a file" onClick={() => setNaming("new")}>
          <FilePlus />
        </IconButton>
        <IconButton label="Upload files" onClick={() => upload.current?.click()}>
          <Upload />
        </IconButton>
        <input ref={upload} type="file" multiple hidden onChange={send} />
      </div>
      <ul className="min-h-0 flex-1 overflow-auto py-1">
        {files.error ? (
          <li className="p-2">
            <ErrorNotice error={files.error} onRetry={() => void files.refetch()} />
          </li>
        ) : null}
        {naming === "new" ? (
          <li className="px-2 py-0.5">
            <NameInput label="Name of the new file" initial="" placeholder="helpers.py" onDone={add} />
          </li>
        ) : null}
        {files.data
          ?.filter((file) => file.kind !== "directory")
          .map((file) =>
            naming === file.path ? (
              <li key={file.path} className="px-2 py-0.5">
                <NameInput
                  label={`New name of ${file.path}`}
                  initial={file.path}
                  onDone={(to) => rename(file.path, to)}
                />
              </li>
            ) : (
              <FileRow
                key={file.path}
                file={file}
                href={fileUrl(script.id, file.path)}
                entry={file.path === script.entry_point}
                open={file.path === selected}
                dirty={dirty.includes(file.path)}
                onOpen={() => onSelect(file.path)}
                onRename={() => setNaming(file.path)}
                onDelete={() => void remove(file.path)}
              />
            ),
          )}
      </ul>
    </nav>
  );
}

interface FileRowProps {
  file: FileEntry;
  href: string;
  entry: boolean;
  open: boolean;
  dirty: boolean;
  onOpen: () => void;
  onRename: () => void;
  onDelete: () => void;
}

function FileRow({ file, href, entry, open, dirty, onOpen, onRename, onDelete }: FileRowProps) {
  return (
    <li className={cn("group relative flex h-7 items-center pr-1.5 pl-3 hover:bg-hover", open && "bg-selected")}>
      <button
        type="button"
        onClick={onOpen}
        aria-current={open ? "true" : undefined}
        className={cn(
          "truncate-line min-w-0 flex-1 text-left font-mono text-[12.5px] outline-offset-[-1px]",
          open ? "text-ink" : "text-ink-2",
        )}
      >
        {file.path}
        {entry ? (
          <Play aria-label="(this one runs)" className="-mt-0.5 ml-1.5 inline size-2.5 fill-current text-ink-3" />
        ) : null}
      </button>
      {dirty ? (
        <span
          role="img"
          aria-label="Unsaved"
          className="mx-1 size-2 shrink-0 rounded-full bg-accent-ink group-hover:hidden"
        />
      ) : null}
      <Menu
        trigger={
          <button
            type="button"
            aria-label={`More for ${file.path}`}
            className="inline-flex size-5 items-center justify-center rounded-sm text-ink-3 opacity-0 hover:text-ink focus-visible:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 max-md:opacity-100"
          >
            <MoreHorizontal aria-hidden className="size-4" />
          </button>
        }
      >
        <MenuItem onSelect={onRename}>Rename</MenuItem>
        <MenuItem asChild>
          <a href={href} download={file.path.split("/").at(-1)}>
            Download
          </a>
        </MenuItem>
        {entry ? null : (
          <>
            <MenuSeparator />
            <MenuItem danger onSelect={onDelete}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
    </li>
  );
}
