// The names of the shapes of scripts in lists, tags, templates, acts on many, the search in code and imports; all of
// them come from the API's document.
import type { components } from "~/api/schema";
import type { NewScript, Script } from "~/api/types";

type Schemas = components["schemas"];

export type ListedScript = Script;
export type TagView = Schemas["Tag"];
export type Template = Schemas["Template"];
export type NewFromTemplate = NewScript;
export type BulkAction = Schemas["BulkAction"];
export type BulkKind = BulkAction["kind"];
export type BulkFailure = Schemas["BulkFailure"];
export type BulkResult = Schemas["BulkResult"];
export type CodeLine = Schemas["CodeLine"];
export type CodeHit = Schemas["CodeMatches"];
export type CodeSearch = Schemas["CodeSearch"];
export type Imported = Schemas["Imported"];
export type ImportedSchedule = Schemas["ImportedSchedule"];
export type ArchiveFormat = "zip" | "tar.gz";
