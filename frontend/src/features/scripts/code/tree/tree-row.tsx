// One row of the folder: what it is, whether it runs, has unsaved work or is not in the revisions, and its menu.
import {
  ChevronDown,
  ChevronRight,
  FileCode2,
  Folder,
  FolderOpen,
  Link,
  type LucideIcon,
  MoreHorizontal,
  Play,
} from "lucide-react";
import type { CSSProperties, DragEvent, ReactNode } from "react";
import { fileUrl } from "~/api/files";
import { FILE_ICONS } from "~/components/preview/icons";
import { extensionOf, kindOf } from "~/components/preview/kinds";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { cn } from "~/lib/cn";
import { NameInput } from "./name-input";
import { nameOf } from "./paths";
import type { Row } from "./rows";

function iconOf({ node, open }: Row): LucideIcon {
  if (node.kind === "directory") return open ? FolderOpen : Folder;
  if (node.kind === "other") return Link;
  return extensionOf(node.path) === "py" ? FileCode2 : FILE_ICONS[kindOf(node.path, node.entry?.text ?? false)];
}

export interface RowActs {
  onPress: (row: Row) => void;
  onMenu: (path: string, open: boolean) => void;
  onMenuClosed: () => void;
  onRename: (path: string) => void;
  onRenamed: (path: string, to: string) => void;
  onDelete: (row: Row) => void;
  onNew: (folder: string, kind: "file" | "folder") => void;
  onUpload: (folder: string) => void;
  onEntry: (path: string) => void;
  onDragStart: (event: DragEvent, row: Row) => void;
}

interface TreeRowProps {
  row: Row;
  id: string;
  scriptId: string;
  /** The keyboard stands on it. */
  active: boolean;
  /** It is what the editor shows. */
  shown: boolean;
  entry: boolean;
  dirty: boolean;
  naming: boolean;
  menu: boolean;
  /** What is dragged would go into it. */
  target: boolean;
  style: CSSProperties;
  acts: RowActs;
}

export function TreeRow({
  row,
  id,
  scriptId,
  active,
  shown,
  entry,
  dirty,
  naming,
  menu,
  target,
  style,
  acts,
}: TreeRowProps) {
  const { node, level, open } = row;
  const folder = node.kind === "directory";
  const Icon = iconOf(row);
  const indent = { paddingLeft: `${8 + (level - 1) * 14}px` };
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names its active row.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree hears the keys.
    <div
      id={id}
      role="treeitem"
      aria-level={level}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-selected={shown}
      aria-expanded={folder ? open : undefined}
      aria-label={`${node.name}${entry ? ", this one runs" : ""}${dirty ? ", unsaved" : ""}`}
      data-path={node.path}
      style={{ ...style, ...indent }}
      draggable={!naming}
      onDragStart={(event) => acts.onDragStart(event, row)}
      onClick={() => (naming ? undefined : acts.onPress(row))}
      className={cn(
        "group absolute inset-x-0 flex h-7 cursor-default select-none items-center gap-1 pr-1.5 text-[13px] hover:bg-hover",
        shown ? "bg-selected text-ink" : "text-ink-2",
        active &&
          "group-focus-visible/tree:outline-2 group-focus-visible/tree:outline-accent-ink group-focus-visible/tree:outline-offset-[-2px]",
        target && "bg-accent-soft",
      )}
    >
      <span aria-hidden className="flex size-4 shrink-0 items-center justify-center text-ink-3">
        {folder ? open ? <ChevronDown className="size-3.5" /> : <ChevronRight className="size-3.5" /> : null}
      </span>
      <Icon aria-hidden className="size-4 shrink-0 text-ink-3" />
      {naming ? (
        <NameInput
          label={`New name of ${node.path}`}
          initial={node.path}
          onDone={(path) => acts.onRenamed(node.path, path)}
        />
      ) : (
        <>
          <span
            className="truncate-line ml-0.5 min-w-0 flex-1"
            title={node.entry?.tracked === false && !folder ? `${node.path}: too large for revisions` : node.path}
          >
            {node.name}
            {entry ? <Play aria-hidden className="-mt-0.5 ml-1.5 inline size-2.5 fill-current text-ink-3" /> : null}
          </span>
          {dirty ? (
            <span aria-hidden className="mx-1 size-2 shrink-0 rounded-full bg-accent-ink group-hover:hidden" />
          ) : null}
          <RowMenu row={row} scriptId={scriptId} entry={entry} open={menu} acts={acts} />
        </>
      )}
    </div>
  );
}

function RowMenu({
  row,
  scriptId,
  entry,
  open,
  acts,
}: Pick<TreeRowProps, "row" | "scriptId" | "entry" | "acts"> & { open: boolean }) {
  const { node } = row;
  const folder = node.kind === "directory";
  const button = (
    <button
      type="button"
      tabIndex={-1}
      {...(open ? {} : { onClick: () => acts.onMenu(node.path, true) })}
      aria-label={`More for ${node.path}`}
      className="inline-flex size-5 shrink-0 items-center justify-center rounded-sm text-ink-3 opacity-0 hover:text-ink group-hover:opacity-100 data-[state=open]:opacity-100 max-md:size-7 max-md:opacity-100"
    >
      <MoreHorizontal aria-hidden className="size-4" />
    </button>
  );
  // A menu costs more than the rest of its row: while rows fly by there are none.
  if (!open) return <RowEnd>{button}</RowEnd>;
  return (
    <RowEnd>
      <Menu
        open={open}
        onOpenChange={(next) => acts.onMenu(node.path, next)}
        onClosed={acts.onMenuClosed}
        trigger={button}
      >
        {folder ? (
          <>
            <MenuItem onSelect={() => acts.onNew(node.path, "file")}>New file here</MenuItem>
            <MenuItem onSelect={() => acts.onNew(node.path, "folder")}>New folder here</MenuItem>
            <MenuItem onSelect={() => acts.onUpload(node.path)}>Upload files here</MenuItem>
            <MenuSeparator />
          </>
        ) : null}
        <MenuItem onSelect={() => acts.onRename(node.path)}>Rename or move</MenuItem>
        {!folder && !entry && extensionOf(node.path) === "py" ? (
          <MenuItem onSelect={() => acts.onEntry(node.path)}>Make it what runs</MenuItem>
        ) : null}
        <MenuItem asChild>
          {folder ? (
            <a
              href={`/api/v1/scripts/${encodeURIComponent(scriptId)}/archive?format=zip&path=${encodeURIComponent(node.path)}`}
              download={`${node.name}.zip`}
            >
              Download as .zip
            </a>
          ) : (
            <a href={fileUrl(scriptId, node.path)} download={nameOf(node.path)}>
              Download
            </a>
          )}
        </MenuItem>
        {entry ? null : (
          <>
            <MenuSeparator />
            <MenuItem danger onSelect={() => acts.onDelete(row)}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
    </RowEnd>
  );
}

/** A press on the menu, which is elsewhere in the document, is none on the row. */
const RowEnd = ({ children }: { children: ReactNode }) => (
  // biome-ignore lint/a11y/noStaticElementInteractions: it only stops what its children let through.
  <span
    className="contents"
    onClick={(event) => event.stopPropagation()}
    onKeyDown={(event) => event.stopPropagation()}
  >
    {children}
  </span>
);
