// Shapes that the server will send and that `openapi.json` does not hold yet. Each goes as soon as the document has it:
// then `types.ts` takes the generated one of the same name, and `queries.ts` reads through the typed client.
//
// Where they will come from: `RunStats` and `Sample` from GET /runs/{id}/stats and the live socket, `ArtifactEntry` and
// `ArtifactList` from GET /runs/{id}/artifacts, `Disk` from System.disk. `SettingsView` is what GET and PATCH /settings
// answer today; the document gives two shapes the one name `Settings` and so lost this one.
import type { components } from "./schema";

type Schemas = components["schemas"];

/** One look at a run's container. */
export interface Sample {
  at: string;
  /** Since the script was started. */
  elapsed_ms: number;
  memory_bytes: number;
  /** All CPU time used so far. */
  cpu_ms: number;
  pids: number;
}

export interface RunStats {
  /** Oldest first, thinned to some two thousand. */
  samples: Sample[];
  memory_limit_bytes: number;
  cpus: number;
}

export type ArtifactKind = "image" | "text" | "csv" | "json" | "markdown" | "html" | "pdf" | "other";

export interface ArtifactEntry {
  /** Relative to `$PYTASK_ARTIFACTS`. */
  path: string;
  size: number;
  modified_at: string;
  kind: ArtifactKind;
}

export interface ArtifactList {
  items: ArtifactEntry[];
  /** There are more than are listed. */
  truncated: boolean;
}

/** The disk that holds the data folder. */
export interface Disk {
  free_bytes: number;
  total_bytes: number;
  /** Below so much free space no run is started. */
  floor_bytes: number;
  low: boolean;
  /** Kept aside so that what is under way can be written down on a full disk. */
  reserve_bytes: number;
}

export interface SettingsView {
  /** What holds now. */
  in_force: Schemas["InForce"];
  /** What holds where nothing is set. */
  defaults: Schemas["InForce"];
  /** What somebody has set. */
  set: Schemas["Settings"];
}
