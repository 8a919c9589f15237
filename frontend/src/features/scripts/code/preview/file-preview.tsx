// A look at a file that is not edited, or not now: shown as files of scripts are shown everywhere; what cannot be shown
// says what it is, how large, and offers the download. Text is what the editor holds, unsaved work included.
import { Download } from "lucide-react";
import { fileUrl } from "~/api/files";
import { kindOf } from "~/components/preview/kinds";
import { Framed, InATab, NoPreview, Picture, TextPreview } from "~/components/preview/parts";
import { previewOf } from "~/components/preview/preview";
import { buttonClass } from "~/components/ui/button";
import { SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { formatBytes } from "~/lib/format";
import type { FolderEntry } from "../contract";
import { nameOf } from "../tree/paths";
import { fileWords } from "./how";

interface FilePreviewProps {
  scriptId: string;
  entry: FolderEntry;
  /** What the editor holds of it; null while that is being read, or where it is not text. */
  text: string | null;
}

export function FilePreview({ scriptId, entry, text }: FilePreviewProps) {
  const preview = previewOf({ kind: kindOf(entry.path, entry.text), size: entry.size });
  return (
    <div className="absolute inset-0 flex flex-col overflow-auto" data-testid="preview" data-how={preview.how}>
      <div className="flex-1">{body()}</div>
      <footer className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-line border-t px-4 py-2 text-ink-3 text-xs">
        <span>{fileWords(entry)}</span>
        <span className="num">{formatBytes(entry.size)}</span>
        <span>
          changed <RelativeTime at={entry.modified_at} />
        </span>
        {entry.tracked === false ? <span className="text-skip">too large for revisions</span> : null}
        <a
          href={fileUrl(scriptId, entry.path)}
          download={nameOf(entry.path)}
          className={buttonClass("plain", "sm", "ml-auto")}
        >
          <Download aria-hidden /> Download
        </a>
      </footer>
    </div>
  );

  function body() {
    // A new address for each version, so that no older picture is shown.
    const src = `${fileUrl(scriptId, entry.path, "view")}&of=${encodeURIComponent(entry.modified_at)}`;
    switch (preview.how) {
      case "none":
        return <NoPreview size={entry.size} preview={preview} />;
      case "image":
        return <Picture key={src} path={entry.path} src={src} />;
      case "frame":
        return <Framed path={entry.path} src={src} />;
      case "tab":
        return <InATab src={src} />;
      default:
        return text === null ? <SkeletonRows rows={4} height={28} /> : <TextPreview how={preview.how} text={text} />;
    }
  }
}
