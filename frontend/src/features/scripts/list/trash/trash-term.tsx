// How long what is in the trash stays there.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { settingsQuery } from "~/api/queries";
import { plural } from "~/lib/format";

export function TrashTerm() {
  const { data } = useQuery(settingsQuery);
  if (!data) return null;
  const { enabled, kinds, trash_days } = data.in_force.cleanup;
  const days = trash_days == null ? null : plural(trash_days, "day");
  return (
    <p className="mb-3 text-ink-3 text-xs">
      {days !== null && enabled && kinds.includes("trash")
        ? `What has been here for more than ${days} is deleted for good, unless a run of it is marked to be kept. `
        : "Nothing is deleted for good by itself. "}
      <Link
        to="/settings/$section"
        params={{ section: "cleanup" }}
        className="rounded-sm text-accent-ink hover:underline"
      >
        Clean-up
      </Link>
    </p>
  );
}
