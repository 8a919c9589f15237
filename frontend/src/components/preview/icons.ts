// The picture that stands for a kind of file, in the folder of a script and among what a run has left.
import { File, FileBraces, FileCode2, FileImage, FileSpreadsheet, FileText, type LucideIcon } from "lucide-react";
import type { ArtifactKind } from "~/api/types";

export const FILE_ICONS: Readonly<Record<ArtifactKind, LucideIcon>> = {
  image: FileImage,
  csv: FileSpreadsheet,
  json: FileBraces,
  html: FileCode2,
  text: FileText,
  markdown: FileText,
  pdf: FileText,
  other: File,
};
