// What is said of backups. Pure.
import type { Backup, BackupAccount, BackupJob } from "~/api/types";
import { formatBytes, plural } from "~/lib/format";

/** What is in one, beside what is in every one. */
export function contentsOf(backup: Pick<Backup, "kind" | "logs" | "artifacts">): string {
  if (backup.kind === "schema_copy") return "The database alone, from before an upgrade";
  const also = [backup.logs ? "logs" : null, backup.artifacts ? "artifacts" : null].filter((each) => each !== null);
  return ["Database", "scripts", "settings", ...also].join(", ");
}

/** What was found in it that whoever restores it should know; nothing for one that has everything. */
export function remarksOn(account: BackupAccount): string | null {
  const parts = [
    account.left_out > 0 ? `${plural(account.left_out, "link or the like", "links and the like")} left out` : null,
    account.changing > 0
      ? `${plural(account.changing, "file")} ${account.changing === 1 ? "was" : "were"} being written while copied`
      : null,
    account.damaged > 0 ? `${plural(account.damaged, "stored file")} missing or damaged already` : null,
  ].filter((part) => part !== null);
  return parts.length > 0 ? `${parts.join(" · ")}: ${account.examples.slice(0, 3).join(", ")}` : null;
}

const PHASES: Record<BackupJob["phase"], string> = {
  database: "Copying the database",
  writing: "Writing",
  verifying: "Reading back",
};

/** How far it is: words, and a share where one is known. */
export function progressOf(job: Pick<BackupJob, "phase" | "done_bytes" | "total_bytes">): {
  words: string;
  share: number | null;
} {
  if (job.total_bytes === 0) return { words: PHASES[job.phase], share: null };
  // The total is an estimate: files grow while they are copied.
  const share = Math.min(1, job.done_bytes / job.total_bytes);
  const done = formatBytes(Math.min(job.done_bytes, job.total_bytes));
  return { words: `${PHASES[job.phase]} · ${done} of about ${formatBytes(job.total_bytes)}`, share };
}

export interface Step {
  what: string;
  command?: string;
}

/** How this backup becomes an instance, by the product's own compose file. */
export const restoreSteps = (name: string): Step[] => [
  { what: "Download the backup, and put it beside docker-compose.yml on the machine where it is to run." },
  {
    what: "Begin with an empty volume. This one deletes what is in the old volume, if there is one:",
    command: "docker compose down -v",
  },
  {
    what: "Restore. Nothing is started yet, and a backup that is damaged or of a newer version is refused:",
    command: `docker compose run --rm --no-deps -v "$PWD/${name}:/backup.tar.zst:ro" pytask-manager restore /backup.tar.zst`,
  },
  { what: "Start it:", command: "docker compose up -d" },
  { what: "Look around, then resume the schedules: after a restore all of them are paused." },
];

/** How the key comes out of one instance and into another. */
export const KEY_OUT = "docker compose cp pytask-manager:/data/secrets.key ./secrets.key";

/** A whole number from 1 to 1,000; `null` for the default. */
export function typedKeep(text: string): number | null | "wrong" {
  if (text.trim() === "") return null;
  const number = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;
  return number >= 1 && number <= 1000 ? number : "wrong";
}
