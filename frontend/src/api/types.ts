// The names the rest of the frontend uses for the shapes of the API. Everything comes from the generated schema, so a
// changed document breaks the type check here or where the field is used.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Run = Schemas["Run"];
export type RunState = Schemas["RunState"];
export type Outcome = Schemas["Outcome"];
export type OutcomeKind = Outcome["kind"];
export type Evidence = Schemas["Evidence"];
export type Traceback = Schemas["Traceback"];
export type Frame = Schemas["Frame"];
export type LimitHit = Schemas["LimitHit"];
export type LostCause = Schemas["LostCause"];
export type Change = Schemas["Change"];
export type Trigger = Schemas["Trigger"];
export type WaitReason = Schemas["WaitReason"];
export type WaitKind = Schemas["WaitKind"];
export type Overlap = Schemas["Overlap"];
export type Limits = Schemas["Limits"];
export type LimitsPatch = Schemas["LimitsPatch"];
export type LimitName = Schemas["LimitName"];
export type SettingsPatch = Schemas["SettingsPatch"];
export type SettingsView = Schemas["SettingsView"];
export type SettingsChange = Schemas["SettingsChange"];
export type Examination = Schemas["Examination"];
export type Check = Schemas["Check"];
export type CheckState = Schemas["CheckState"];
export type Retention = Schemas["Retention"];
export type IndexView = Schemas["IndexView"];
export type CredentialsPatch = Schemas["CredentialsPatch"];
export type ArtifactEntry = Schemas["Artifact"];
export type ArtifactKind = Schemas["ArtifactKind"];
export type ArtifactList = Schemas["ArtifactList"];
export type RunStats = Schemas["Stats"];
export type Sample = Schemas["StatsPoint"];
export type Disk = Schemas["Disk"];
export type Engine = Schemas["Engine"];
export type Script = Schemas["Script"];
export type EnvironmentStatus = Schemas["EnvironmentStatus"];
export type Environment = Schemas["Environment"];
export type Package = Schemas["Package"];
export type Lookalike = Schemas["Lookalike"];
export type ImportPreview = Schemas["ImportPreview"];
export type ImportLine = Schemas["ImportLine"];
export type ImportFate = Schemas["ImportFate"];
export type LockChanges = Schemas["LockChanges"];
export type CheckView = Schemas["CheckView"];
export type Inline = Schemas["Inline"];
export type Build = Schemas["Build"];
export type MissingModule = Schemas["MissingModule"];
export type FileEntry = Schemas["FileEntry"];
export type Revision = Schemas["Revision"];
export type System = Schemas["System"];
export type Backup = Schemas["Backup"];
export type BackupAccount = Schemas["BackupAccount"];
export type BackupJob = Schemas["BackupJob"];
export type BackupList = Schemas["BackupList"];
export type BackupWish = Schemas["BackupWish"];
export type RunnerImage = Schemas["RunnerImage"];
export type Dashboard = Schemas["Dashboard"];
export type ErrorBody = Schemas["ErrorBody"];

type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { "application/json": infer T } } };
}
  ? T
  : never;

export type Dependencies = Answer<"/api/v1/scripts/{id}/dependencies", "get">;
export type RecentOutcome = Script["recent_outcomes"][number];

type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  requestBody?: { content: { "application/json": infer T } };
}
  ? T
  : never;

export type ScriptPatch = Body<"/api/v1/scripts/{id}", "patch">;
export type NewScript = Body<"/api/v1/scripts", "post">;
export type NewImage = Body<"/api/v1/images", "post">;
export type PreviewRequest = Body<"/api/v1/scripts/{id}/dependencies/preview", "post">;
export type RunRequest = Body<"/api/v1/scripts/{id}/runs", "post">;

/** What `runs/{id}/live` sends of a run; of its log, see `features/logs/contract`. */
export type LiveFrame = { type: "state"; run: Run } | { type: "samples"; samples: Sample[] };

/** What `events` sends. */
export type EventFrame =
  | { type: "run"; run: Run }
  | { type: "script"; script_id: string }
  /** Something in a folder that is being looked at was changed, be it outside. */
  | { type: "files"; script_id: string }
  | { type: "system"; system: System }
  | { type: "images" }
  /** A backup came, went, or is further. */
  | { type: "backups" }
  | { type: "cleanup" }
  /** Something became of a webhook or of what it was told. */
  | { type: "webhook"; webhook_id: string }
  /** This client was slow and frames were dropped. */
  | { type: "missed" };

export const isActive = (run: Pick<Run, "state">): boolean => run.state !== "finished";
