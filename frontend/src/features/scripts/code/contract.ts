// The names of the folder's and the revisions' shapes; all of them come from the API's document.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type FolderEntry = Schemas["FileEntry"];
export type FolderList = Schemas["FileList"];
export type RevisionBy = Schemas["MadeBy"];
export type Revision = Schemas["Revision"];
export type RevisionPage = Schemas["Page_Revision"];
/** How one file differs between two revisions; without `from` or `to` where it is not in that one. */
export type FileChange = Schemas["ChangedFile"];
export type ChangeKind = FileChange["change"];
