// The tools of a log. Where there is little room, all but search and follow are in a menu.
import {
  ArrowDownToLine,
  Clock,
  Copy,
  EllipsisVertical,
  ListFilter,
  Search,
  TriangleAlert,
  WrapText,
} from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "~/components/ui/button";
import { Menu, MenuCheck, MenuChoice, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { modKey } from "~/lib/platform";
import type { LogStream } from "./contract";
import { nextMode, TIME_MODES, TIME_WORDS, type TimeMode } from "./line-time";

export interface LogTools {
  searching: boolean;
  stream: LogStream | null;
  time: TimeMode;
  wrap: boolean;
  following: boolean;
  seeking: boolean;
  empty: boolean;
  /** What is copied: the picked lines, or everything. */
  copies: string;
  onSearch: () => void;
  onStream: (stream: LogStream | null) => void;
  onTime: (mode: TimeMode) => void;
  onWrap: (wrap: boolean) => void;
  onFollow: (follow: boolean) => void;
  onFirstError: () => void;
  onCopy: () => void;
}

const STREAM_WORDS = {
  all: "All output",
  stdout: "Only stdout",
  stderr: "Only stderr",
  system: "Only notices of the system",
} as const;
type StreamChoice = keyof typeof STREAM_WORDS;
const STREAMS = (Object.keys(STREAM_WORDS) as StreamChoice[]).map((value) => ({ value, label: STREAM_WORDS[value] }));
const TIMES = TIME_MODES.map((value) => ({ value, label: TIME_WORDS[value] }));

const StreamChoices = ({ stream, onStream }: Pick<LogTools, "stream" | "onStream">) => (
  <MenuChoice
    label="Streams"
    value={stream ?? "all"}
    options={STREAMS}
    onChange={(choice) => onStream(choice === "all" ? null : choice)}
  />
);

const TimeChoices = ({ time, onTime }: Pick<LogTools, "time" | "onTime">) => (
  <MenuChoice label="Times" value={time} options={TIMES} onChange={onTime} />
);

export function LogToolbar({ tools, status, children }: { tools: LogTools; status: ReactNode; children: ReactNode }) {
  const { stream, time, wrap, following, empty } = tools;
  return (
    <div className="flex h-9 shrink-0 items-center gap-1 border-line border-b bg-panel px-2">
      <div className="flex min-w-0 flex-1 items-center gap-2">{children}</div>
      {status}
      <IconButton label="Search" hint={`Search (/ or ${modKey} F)`} pressed={tools.searching} onClick={tools.onSearch}>
        <Search />
      </IconButton>
      <div className="hidden items-center gap-1 @3xl:flex">
        <IconButton
          label="First error"
          hint="First traceback or error (e)"
          disabled={empty || tools.seeking}
          onClick={tools.onFirstError}
        >
          <TriangleAlert />
        </IconButton>
        <Menu
          trigger={
            <IconButton label="Streams" hint={STREAM_WORDS[stream ?? "all"]} pressed={stream !== null}>
              <ListFilter />
            </IconButton>
          }
        >
          <StreamChoices {...tools} />
        </Menu>
        <IconButton
          label="Times"
          hint={`${TIME_WORDS[time]} (t)`}
          pressed={time !== "off"}
          onClick={() => tools.onTime(nextMode(time))}
        >
          <Clock />
        </IconButton>
        <IconButton
          label="Wrap long lines"
          hint="Wrap long lines (w)"
          pressed={wrap}
          onClick={() => tools.onWrap(!wrap)}
        >
          <WrapText />
        </IconButton>
        <IconButton label={tools.copies} disabled={empty} onClick={tools.onCopy}>
          <Copy />
        </IconButton>
      </div>
      <IconButton
        label={following ? "Following the end" : "Follow the end"}
        hint={following ? "Following the end (f)" : "Follow the end (f)"}
        pressed={following}
        onClick={() => tools.onFollow(!following)}
      >
        <ArrowDownToLine />
      </IconButton>
      <div className="@3xl:hidden">
        <Menu
          trigger={
            <IconButton label="More tools" pressed={stream !== null}>
              <EllipsisVertical />
            </IconButton>
          }
        >
          <MenuItem disabled={empty || tools.seeking} onSelect={tools.onFirstError}>
            <TriangleAlert aria-hidden /> First error
          </MenuItem>
          <MenuItem disabled={empty} onSelect={tools.onCopy}>
            <Copy aria-hidden /> {tools.copies}
          </MenuItem>
          <MenuCheck checked={wrap} onChange={tools.onWrap}>
            Wrap long lines
          </MenuCheck>
          <MenuSeparator />
          <StreamChoices {...tools} />
          <MenuSeparator />
          <TimeChoices {...tools} />
        </Menu>
      </div>
    </div>
  );
}
