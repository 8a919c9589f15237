// A look at a file that is not edited, or not now: shown as files of scripts are shown everywhere; what cannot be shown
// says what it is, how large, and offers the download. Text is what the editor holds, unsaved work included.
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useEffect, useState } from "react";
import { fileUrl, readPicture } from "~/api/files";
import { kindOf } from "~/components/preview/kinds";
import { Framed, InATab, NoPreview, Picture, TextPreview } from "~/components/preview/parts";
import { previewOf } from "~/components/preview/preview";
import { buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
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

/** Read anew for each version: a picture's address alone would show what the browser still has of it. */
function FreshPicture({ scriptId, entry }: Omit<FilePreviewProps, "text">) {
  const { data, error, refetch } = useQuery({
    queryKey: ["script", scriptId, "picture", entry.path, entry.modified_at],
    queryFn: ({ signal }) => readPicture(scriptId, entry.path, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
  });
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!data) return;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  if (error) return <ErrorNotice error={error} className="m-4" onRetry={() => void refetch()} />;
  return url === null ? <SkeletonRows rows={4} height={28} /> : <Picture key={url} path={entry.path} src={url} />;
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
    const src = fileUrl(scriptId, entry.path, "view");
    switch (preview.how) {
      case "none":
        return <NoPreview size={entry.size} preview={preview} />;
      case "image":
        return <FreshPicture scriptId={scriptId} entry={entry} />;
      case "frame":
        return <Framed key={entry.modified_at} path={entry.path} src={src} />;
      case "tab":
        return <InATab src={src} />;
      default:
        return text === null ? <SkeletonRows rows={4} height={28} /> : <TextPreview how={preview.how} text={text} />;
    }
  }
}
