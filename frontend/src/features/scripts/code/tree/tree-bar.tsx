// Over the tree: find, add, upload.
import { FilePlus, FolderPlus, FolderUp, Search, Upload } from "lucide-react";
import { IconButton } from "~/components/ui/button";
import { Menu, MenuItem } from "~/components/ui/menu";

interface TreeBarProps {
  finding: boolean;
  onFind: (finding: boolean) => void;
  onNew: (kind: "file" | "folder") => void;
  onUpload: (what: "files" | "folder") => void;
}

export const TreeBar = ({ finding, onFind, onNew, onUpload }: TreeBarProps) => (
  <div className="flex h-9 shrink-0 items-center border-line border-b pr-1.5 pl-3">
    <span className="flex-1 font-medium text-ink-3 text-xs max-md:invisible">Files</span>
    <IconButton label={finding ? "End finding" : "Find a file"} pressed={finding} onClick={() => onFind(!finding)}>
      <Search />
    </IconButton>
    <IconButton label="Add a file" onClick={() => onNew("file")}>
      <FilePlus />
    </IconButton>
    <IconButton label="Add a folder" onClick={() => onNew("folder")}>
      <FolderPlus />
    </IconButton>
    <Menu
      trigger={
        <button
          type="button"
          aria-label="Upload"
          title="Upload"
          className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink data-[state=open]:bg-selected"
        >
          <Upload aria-hidden className="size-4" />
        </button>
      }
    >
      <MenuItem onSelect={() => onUpload("files")}>
        <Upload aria-hidden /> Files
      </MenuItem>
      <MenuItem onSelect={() => onUpload("folder")}>
        <FolderUp aria-hidden /> A folder
      </MenuItem>
    </Menu>
  </div>
);
