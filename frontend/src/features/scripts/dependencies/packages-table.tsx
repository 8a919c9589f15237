// Every package of the environment: what was asked for first, then, foldable, what that brought along.
import { Link } from "@tanstack/react-router";
import { ArrowUp, ChevronRight, TriangleAlert, X } from "lucide-react";
import type { Lookalike, Package } from "~/api/types";
import { IconButton } from "~/components/ui/button";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import { useFlag } from "~/lib/preference";
import { inTwo, neededBy, updatable, versionsAsked } from "./packages";
import type { Lookalikes } from "./use-lookalikes";

interface PackagesTableProps {
  packages: readonly Package[];
  lookalikes: Lookalikes;
  busy: boolean;
  /** Whether the list as edited still asks for it. */
  isListed: (name: string) => boolean;
  onUpdate: (name: string) => void;
  /** Takes the script's own requirement out of the list. */
  onRemove: (name: string) => void;
}

// In a narrow place the columns "Asked" and "Needed by" become a second line under the name.
const WIDE = "@max-2xl:hidden";
const NARROW = "@2xl:hidden";

export function PackagesTable({ packages, ...acts }: PackagesTableProps) {
  const { direct, brought } = inTwo(packages);
  const [open, setOpen] = useFlag("packages.brought", true);
  const newer = brought.filter(updatable).length;
  return (
    <div className="@container max-h-[520px] overflow-auto">
      <table className="w-full table-fixed text-sm">
        <thead className="sticky top-0 z-10 bg-panel text-ink-3 text-xs">
          <tr className="text-left shadow-[inset_0_-1px_var(--line)] [&>th]:h-8 [&>th]:font-medium">
            <th className="pl-4">Package</th>
            <th className={cn("w-[17%]", WIDE)}>Asked</th>
            <th className="w-[22%] @2xl:w-[15%]">Installed</th>
            <th className="w-[20%] @2xl:w-[13%]">Newest</th>
            <th className={cn("w-[22%]", WIDE)}>Needed by</th>
            <th className="w-[72px] pr-2">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {direct.map((each) => (
            <Row key={each.name} each={each} {...acts} />
          ))}
        </tbody>
        {brought.length > 0 ? (
          <tbody>
            <tr className="h-8 border-line border-b bg-sunken last:border-b-0">
              <td colSpan={4} className="p-0">
                <button
                  type="button"
                  aria-expanded={open}
                  onClick={() => setOpen(!open)}
                  className="flex h-8 w-full items-center gap-1.5 px-3 text-left text-ink-3 text-xs outline-offset-[-2px] hover:text-ink"
                >
                  <ChevronRight
                    aria-hidden
                    className={cn("size-3.5 transition-transform duration-100", open && "rotate-90")}
                  />
                  {plural(brought.length, "package")} that they need
                  {newer > 0 ? <span className="text-accent-ink">{newer} with something newer</span> : null}
                </button>
              </td>
              <td colSpan={2} className={WIDE} />
            </tr>
            {open ? brought.map((each) => <Row key={each.name} each={each} dim {...acts} />) : null}
          </tbody>
        ) : null}
      </table>
    </div>
  );
}

interface RowProps extends Omit<PackagesTableProps, "packages"> {
  each: Package;
  dim?: boolean;
}

function Row({ each, dim, lookalikes, busy, isListed, onUpdate, onRemove }: RowProps) {
  const own = each.asked != null && !each.default;
  const leaving = own && !isListed(each.name);
  const newer = updatable(each);
  const needed = neededBy(each.required_by);
  const under = [each.asked == null ? null : versionsAsked(each.asked), needed ? `needed by ${needed}` : null];
  return (
    <tr
      data-package={each.name}
      className={cn("h-9 border-line border-b last:border-b-0 hover:bg-hover", dim && "text-ink-3")}
    >
      <td className={cn("py-1 pr-2 pl-4", dim ? "text-ink-2" : "font-medium text-ink")}>
        <span className="flex min-w-0 items-center gap-1.5">
          <span
            className={cn("num block truncate-line", leaving && "text-ink-3 line-through")}
            title={leaving ? `${each.name}, off the list once that is saved` : each.name}
          >
            {each.name}
          </span>
          <SuspectedMark lookalike={lookalikes.get(each.name)} />
        </span>
        <span className={cn("block font-normal text-ink-3 text-xs", NARROW)}>
          {under.filter(Boolean).join(" · ")} {each.default ? <DefaultMark /> : null}
        </span>
      </td>
      <td className={cn("num pr-2 text-ink-2", WIDE)}>
        <span className="flex min-w-0 items-center gap-1.5">
          {each.asked == null ? null : (
            <span className="truncate-line" title={each.asked}>
              {versionsAsked(each.asked)}
            </span>
          )}
          {each.default ? <DefaultMark /> : null}
        </span>
      </td>
      <td className="num pr-2">
        <Installed each={each} />
      </td>
      <td
        title={each.newest ?? undefined}
        className={cn("num truncate-line pr-2", newer ? "font-medium text-accent-ink" : "text-ink-3")}
      >
        {each.newest ?? "–"}
        {newer ? <span className="sr-only">, newer than what is installed</span> : null}
      </td>
      <td className={cn("truncate-line pr-2 text-ink-3", WIDE)} title={each.required_by.join(", ")}>
        {needed || "–"}
      </td>
      <td className="pr-2">
        <span className="flex justify-end">
          {each.locked == null ? null : (
            <IconButton
              label={`Update ${each.name}`}
              hint={
                newer ? `Update ${each.name} to the newest that fits` : `Update ${each.name}, if there is a newer one`
              }
              disabled={busy}
              className={newer ? "text-accent-ink" : ""}
              onClick={() => onUpdate(each.name)}
            >
              <ArrowUp />
            </IconButton>
          )}
          {own && !leaving ? (
            <IconButton
              label={`Remove ${each.name}`}
              hint={`Take ${each.name} off the list`}
              disabled={busy}
              onClick={() => onRemove(each.name)}
            >
              <X />
            </IconButton>
          ) : null}
        </span>
      </td>
    </tr>
  );
}

/** What is there; what the lock says beside it, where that is something else. */
function Installed({ each }: { each: Package }) {
  if (each.installed == null && each.locked == null) return <span className="text-skip">not yet</span>;
  if (each.installed === each.locked || each.locked == null)
    return <span className="block truncate-line">{each.installed}</span>;
  return (
    <span className="text-skip" title={`The lock says ${each.locked}`}>
      <span className="block truncate-line">{each.installed ?? "missing"}</span>
      <span className="block truncate-line text-xs">lock {each.locked}</span>
    </span>
  );
}

const SuspectedMark = ({ lookalike }: { lookalike: Lookalike | undefined }) =>
  lookalike ? (
    <span title={lookalike.message} className="shrink-0">
      <TriangleAlert aria-hidden className="size-3.5 text-skip" />
      <span className="sr-only">{lookalike.message}</span>
    </span>
  ) : null;

const DefaultMark = () => (
  <Link
    to="/settings/$section"
    params={{ section: "packages" }}
    title="Every script gets it: a default of the settings"
    className="shrink-0 rounded-sm border border-line px-1 font-sans text-ink-2 text-xs hover:text-accent-ink"
  >
    default
  </Link>
);
