// What differs from the last success, as rows: a name, what it was, what it is. Pure.
import type { Change } from "~/api/types";
import { limitLabel, limitText } from "~/features/limits/limits";

export interface ChangeRow {
  key: string;
  name: string;
  /** Null where only the fact of a change is told, not the values. */
  from: string | null;
  to: string;
}

/** Enough of a digest or a hash to tell two apart. */
const brief = (digest: string | null | undefined): string => {
  if (!digest) return "none";
  const hash = /^(?:.*@)?sha256:([0-9a-f]+)$/.exec(digest)?.[1];
  return (hash ?? digest).slice(0, hash ? 12 : 40);
};
const words = (args: readonly string[]): string => (args.length > 0 ? args.join(" ") : "none");

function rowOf(change: Change): ChangeRow {
  switch (change.what) {
    case "revision":
      return {
        key: "revision",
        name: "Revision",
        from: String(change.from ?? "none"),
        to: String(change.to ?? "none"),
      };
    case "lock":
      return { key: "lock", name: "Locked packages", from: brief(change.from), to: brief(change.to) };
    case "package":
      return {
        key: `package ${change.name}`,
        name: change.name,
        from: change.from ?? "absent",
        to: change.to ?? "absent",
      };
    case "image":
      return { key: "image", name: "Image", from: brief(change.from), to: brief(change.to) };
    case "arguments":
      return { key: "arguments", name: "Arguments", from: words(change.from), to: words(change.to) };
    case "variables":
      return { key: "variables", name: "Variables", from: null, to: change.names.join(", ") };
    case "limit":
      return {
        key: `limit ${change.name}`,
        name: change.name === "network" ? limitLabel(change.name) : `${limitLabel(change.name)} limit`,
        from: limitText(change.name, change.from),
        to: limitText(change.name, change.to),
      };
  }
}

/** In the order told; the lock says nothing where its packages are named. */
export function changeRows(changes: readonly Change[]): ChangeRow[] {
  const named = changes.some((change) => change.what === "package");
  return changes.filter((change) => change.what !== "lock" || !named).map(rowOf);
}
