// Everything that can be done with one script, behind the dots at the end of its row.
import { Link } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import type { ListedScript } from "../../contract";
import { archiveUrl } from "../../requests";
import type { Acts } from "../use-acts";

interface ScriptMenuProps {
  script: ListedScript;
  acts: Acts;
  selected: boolean;
  onSelect: () => void;
}

export function ScriptMenu({ script, acts, selected, onSelect }: ScriptMenuProps) {
  const params = { scriptId: script.id };
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={`More for ${script.name}`}
          className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
        >
          <MoreHorizontal aria-hidden className="size-4" />
        </button>
      }
    >
      <MenuItem onSelect={() => acts.run(script)}>Run</MenuItem>
      <MenuItem onSelect={() => acts.setPaused(script, !script.paused)}>{script.paused ? "Resume" : "Pause"}</MenuItem>
      <MenuItem onSelect={onSelect}>{selected ? "Take out of the selection" : "Select"}</MenuItem>
      <MenuSeparator />
      <MenuItem onSelect={() => acts.open("rename", script)}>Rename…</MenuItem>
      <MenuItem onSelect={() => acts.open("tags", script)}>Tags…</MenuItem>
      <MenuItem onSelect={() => acts.open("duplicate", script)}>Duplicate…</MenuItem>
      <MenuItem asChild>
        <a href={archiveUrl(script.id, "zip")} download>
          Export as .zip
        </a>
      </MenuItem>
      <MenuItem asChild>
        <a href={archiveUrl(script.id, "tar.gz")} download>
          Export as .tar.gz
        </a>
      </MenuItem>
      <MenuSeparator />
      <MenuItem asChild>
        <Link to="/scripts/$scriptId/runs" params={params}>
          Runs
        </Link>
      </MenuItem>
      <MenuItem asChild>
        <Link to="/scripts/$scriptId/schedules" params={params}>
          Schedules
        </Link>
      </MenuItem>
      <MenuItem asChild>
        <Link to="/scripts/$scriptId/settings" params={params}>
          Settings
        </Link>
      </MenuItem>
      <MenuSeparator />
      <MenuItem danger onSelect={() => acts.trash(script)}>
        Move to trash
      </MenuItem>
    </Menu>
  );
}
