// One script as a row: what it is called, how it fared, when it runs, what can be done with it. The whole row leads to
// the script. On a phone it is two lines.
import { Link } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import { type MouseEvent, memo } from "react";
import { IconButton } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Tag } from "~/components/ui/tag";
import { Duration, RelativeTime } from "~/components/ui/time";
import { Tooltip } from "~/components/ui/tooltip";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import type { CodeHit, ListedScript } from "../../contract";
import { EnvironmentBadge } from "../../environment-badge";
import { OutcomeStrip } from "../../outcome-strip";
import { colourOf, type TagColours } from "../../script-tag";
import type { Acts } from "../use-acts";
import { CodeLines } from "./code-lines";
import { PHONE_ROW_HEIGHT, ROW_HEIGHT } from "./layout";
import { ScriptMenu } from "./script-menu";

export interface RowHandlers {
  /** With shift: all between the last one and this one. */
  onChoose: (id: string, shift: boolean) => void;
  onActive: (id: string) => void;
  onTag: (tag: string) => void;
}

interface ScriptRowProps {
  script: ListedScript;
  /** Found in its code as well, which is told in a word. */
  hit: CodeHit | null;
  /** Found in its code alone, which is shown. */
  lines: CodeHit | null;
  chosen: boolean;
  /** Some row is chosen: then a phone has room for the boxes. */
  choosing: boolean;
  active: boolean;
  phone: boolean;
  rowIndex: number;
  colours: TagColours;
  acts: Acts;
  handlers: RowHandlers;
}

const MOST_TAGS = 4;

export const ScriptRow = memo(function ScriptRow(props: ScriptRowProps) {
  const { script, hit, lines, chosen, choosing, active, phone, rowIndex, colours, acts, handlers } = props;
  const last = script.last_run ?? null;
  const choose = (event: MouseEvent) => handlers.onChoose(script.id, event.shiftKey);
  return (
    <>
      <tr
        data-script={script.id}
        aria-rowindex={rowIndex}
        onFocusCapture={() => handlers.onActive(script.id)}
        className={cn(
          "group relative",
          !lines && "border-line border-b",
          chosen ? "bg-accent-soft" : active ? "bg-hover" : "hover:bg-hover",
        )}
        style={{ height: phone ? PHONE_ROW_HEIGHT : ROW_HEIGHT }}
      >
        <td className={cn("relative z-10", !choosing && "max-sm:[&>*]:hidden")}>
          {active ? <span aria-hidden className="absolute inset-y-0 left-0 w-0.5 bg-accent-ink" /> : null}
          <Checkbox
            aria-label={`Choose ${script.name}`}
            checked={chosen}
            onChange={() => undefined}
            onClick={choose}
            className="ml-4 opacity-60 checked:opacity-100 focus-visible:opacity-100 group-hover:opacity-100"
          />
        </td>
        <td className={choosing ? "" : "max-sm:pl-4"}>
          <StateMark mark={markOf(last)} className="flex" />
        </td>
        <td className="pr-4">
          <div className="flex min-w-0 items-center gap-2">
            <Link
              to="/scripts/$scriptId/code"
              params={{ scriptId: script.id }}
              data-name
              className="truncate-line min-w-0 rounded-sm font-medium text-ink after:absolute after:inset-0"
            >
              {script.name}
            </Link>
            {script.paused ? <PausedMark /> : null}
            <span className="relative z-10 flex min-w-0 shrink gap-1 max-md:hidden">
              <RowTags script={script} colours={colours} onTag={handlers.onTag} />
            </span>
          </div>
          <p className="truncate-line text-ink-3">
            {hit ? <HitWord scriptId={script.id} hit={hit} /> : null}
            {script.description}
          </p>
          {phone ? <PhoneLine script={script} colours={colours} /> : null}
        </td>
        <td className="max-md:[&>*]:hidden">
          <OutcomeStrip recent={script.recent_outcomes} />
        </td>
        <td className="text-ink-2">
          {last ? (
            <span className="relative z-10 flex w-fit flex-col">
              <RelativeTime at={last.queued_at} />
              <span className="text-ink-3">
                <Duration from={last.started_at} to={last.finished_at} />
              </span>
            </span>
          ) : (
            <span className="text-ink-3">Never</span>
          )}
        </td>
        <td className="text-ink-2 max-lg:[&>*]:hidden">
          <NextRun script={script} />
        </td>
        <td className="max-xl:[&>*]:hidden">
          <EnvironmentBadge scriptId={script.id} status={script.environment} />
        </td>
        <td className="pr-3">
          <span className="relative z-10 flex justify-end gap-0.5">
            <IconButton label={`Run ${script.name}`} onClick={() => acts.run(script)}>
              <Play />
            </IconButton>
            <ScriptMenu
              script={script}
              acts={acts}
              selected={chosen}
              onSelect={() => handlers.onChoose(script.id, false)}
            />
          </span>
        </td>
      </tr>
      {lines ? (
        <tr className={cn("border-line border-b", chosen && "bg-accent-soft")}>
          <td colSpan={2} className="p-0" />
          <td colSpan={6} className="pr-4 pb-2.5 align-top">
            <CodeLines scriptId={script.id} hit={lines} />
          </td>
        </tr>
      ) : null}
    </>
  );
});

const PausedMark = () => (
  <Tooltip content="Its schedules start nothing until it is resumed; it can be run by hand.">
    <span className="relative z-10 inline-flex shrink-0 items-center gap-1 text-skip text-xs">
      <Pause aria-hidden className="size-3 fill-current" /> Paused
    </span>
  </Tooltip>
);

interface RowTagsProps {
  script: ListedScript;
  colours: TagColours;
  onTag: (tag: string) => void;
}

function RowTags({ script, colours, onTag }: RowTagsProps) {
  const rest = script.tags.slice(MOST_TAGS);
  return (
    <>
      {script.tags.slice(0, MOST_TAGS).map((tag) => (
        <button
          key={tag}
          type="button"
          tabIndex={-1}
          title={`Only scripts with ${tag}`}
          className="min-w-0 rounded-sm hover:opacity-75"
          onClick={() => onTag(tag)}
        >
          <Tag colour={colourOf(colours, tag)}>{tag}</Tag>
        </button>
      ))}
      {rest.length > 0 ? (
        <span title={rest.join(", ")} className="text-ink-3 text-xs leading-5">
          +{rest.length}
          <span className="sr-only"> more tags: {rest.join(", ")}</span>
        </span>
      ) : null}
    </>
  );
}

function HitWord({ scriptId, hit }: { scriptId: string; hit: CodeHit }) {
  const line = hit.lines[0];
  if (!line) return null;
  return (
    <Link
      to="/scripts/$scriptId/code"
      params={{ scriptId }}
      search={{ file: line.path, line: line.line }}
      title={line.text.trim()}
      className="relative z-10 mr-2 rounded-sm text-accent-ink hover:underline"
    >
      <span className="num">
        {line.path}:{line.line}
      </span>
      {hit.matches > 1 ? ` and ${plural(hit.matches - 1, "line")} more` : null}
    </Link>
  );
}

/** What a wide row says in columns. */
const PhoneLine = ({ script, colours }: { script: ListedScript; colours: TagColours }) => (
  <p className="flex min-w-0 items-center gap-2 text-ink-3 text-xs">
    {script.next_fire ? (
      <span className="shrink-0">
        next <RelativeTime at={script.next_fire.at} />
      </span>
    ) : null}
    {script.tags.slice(0, 2).map((tag) => (
      <Tag key={tag} colour={colourOf(colours, tag)} className="h-4!">
        {tag}
      </Tag>
    ))}
    {script.tags.length > 2 ? <span>+{script.tags.length - 2}</span> : null}
  </p>
);

function NextRun({ script }: { script: ListedScript }) {
  if (!(script.schedules > 0)) return <span className="text-ink-3">By hand</span>;
  return (
    <Link
      to="/scripts/$scriptId/schedules"
      params={{ scriptId: script.id }}
      tabIndex={-1}
      className="relative z-10 flex w-fit flex-col rounded-sm hover:underline"
    >
      {script.next_fire ? <RelativeTime at={script.next_fire.at} /> : <span className="text-ink-3">Nothing due</span>}
      {script.schedules > 1 ? <span className="text-ink-3 text-xs">{plural(script.schedules, "schedule")}</span> : null}
    </Link>
  );
}
