// The names of the history's shapes; all of them come from the API's document.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type RunTotals = Schemas["RunTotals"];
export type SavedFilter = Schemas["SavedFilter"];
export type Changes = Schemas["Changes"];
export type Excerpt = Schemas["LogMatch"];
/** What the search in logs sends, line by line. */
export type SearchFrame = Schemas["RunSearchFrame"];
