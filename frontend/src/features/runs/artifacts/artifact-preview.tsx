// A look at one artifact: its bytes by the run's address, shown as files of scripts are shown everywhere.
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { artifactUrl, readArtifact } from "~/api/files";
import type { ArtifactEntry } from "~/api/types";
import { Framed, InATab, NoPreview, Picture, type TextHow, TextPreview } from "~/components/preview/parts";
import { type Preview, previewOf } from "~/components/preview/preview";
import { buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel, SkeletonRows } from "~/components/ui/panel";

interface PreviewProps {
  runId: string;
  entry: ArtifactEntry;
}

export function ArtifactPreview({ runId, entry }: PreviewProps) {
  const preview = previewOf(entry);
  const name = entry.path.split("/").at(-1) ?? entry.path;
  return (
    <Panel
      data-testid="preview"
      data-how={preview.how}
      title={<span className="block truncate-line font-mono font-medium text-[12.5px]">{entry.path}</span>}
      actions={
        <a href={artifactUrl(runId, entry.path, "download")} download={name} className={buttonClass("plain", "sm")}>
          <Download aria-hidden /> Download
        </a>
      }
    >
      <Body runId={runId} entry={entry} preview={preview} />
    </Panel>
  );
}

function Body({ runId, entry, preview }: PreviewProps & { preview: Preview }) {
  const src = artifactUrl(runId, entry.path, "view");
  switch (preview.how) {
    case "none":
      return <NoPreview size={entry.size} preview={preview} />;
    case "image":
      return <Picture path={entry.path} src={src} />;
    case "frame":
      return <Framed path={entry.path} src={src} />;
    case "tab":
      return <InATab src={src} />;
    default:
      return <Read runId={runId} entry={entry} how={preview.how} />;
  }
}

function Read({ runId, entry, how }: PreviewProps & { how: TextHow }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["run", runId, "artifact", entry.path, entry.modified_at],
    queryFn: ({ signal }) => readArtifact(runId, entry.path, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  if (error)
    return (
      <ErrorNotice error={error} unchanged="The file is untouched." onRetry={() => void refetch()} className="m-4" />
    );
  if (data === undefined) return <SkeletonRows rows={4} height={28} />;
  return <TextPreview how={how} text={data} />;
}
