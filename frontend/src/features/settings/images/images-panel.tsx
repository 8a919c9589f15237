// What scripts can be run in: which Pythons there are, how they are made, and who uses them.
import { useQuery } from "@tanstack/react-query";
import { EllipsisVertical, Plus, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { imagesQuery } from "~/api/queries";
import type { RunnerImage } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Menu, MenuItem } from "~/components/ui/menu";
import { Meter } from "~/components/ui/meter";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { Tag } from "~/components/ui/tag";
import { RelativeTime } from "~/components/ui/time";
import { AddImageDialog } from "./add-image-dialog";
import { describeImage, progressOf, usersOf } from "./images";
import { useImages } from "./use-images";

export function ImagesPanel() {
  const { data, error, refetch } = useQuery(imagesQuery);
  const acts = useImages();
  const [adding, setAdding] = useState(false);
  const refused = acts.renew.error ?? acts.remove.error;
  return (
    <Panel
      id="images"
      title="Images"
      actions={
        <Button size="sm" onClick={() => setAdding(true)}>
          <Plus aria-hidden /> Add image
        </Button>
      }
    >
      <p className="border-line border-b px-4 py-3 text-ink-2 text-sm">
        What scripts are run in. A script takes the instance's own unless its settings name another.
      </p>
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {refused ? <ErrorNotice error={refused} unchanged="The images stay as they were." className="m-4" /> : null}
      {data ? (
        <ul aria-label="Images">
          {data.items.map((image) => (
            <ImageRow
              key={image.name}
              image={image}
              onRenew={() => acts.renew.mutate(image.name)}
              onRemove={() => acts.remove.mutate(image.name)}
            />
          ))}
        </ul>
      ) : error ? null : (
        <SkeletonRows rows={1} height={60} />
      )}
      {adding ? <AddImageDialog onClose={() => setAdding(false)} add={acts.add} /> : null}
    </Panel>
  );
}

const STATES: Record<RunnerImage["state"], { word: string; tone: string }> = {
  ready: { word: "Ready", tone: "text-ok" },
  preparing: { word: "Preparing", tone: "text-run" },
  failed: { word: "Failed", tone: "text-fail" },
  missing: { word: "Missing", tone: "text-fail" },
  removing: { word: "Removing", tone: "text-ink-3" },
};

function ImageRow({ image, onRenew, onRemove }: { image: RunnerImage; onRenew: () => void; onRemove: () => void }) {
  const state = STATES[image.state];
  const idle = image.progress == null;
  const facts = describeImage(image);
  return (
    <li className="flex items-start gap-4 border-line border-b px-4 py-3 text-sm last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="break-all font-medium font-mono text-[13px]">{image.name}</span>
          {image.own ? <Tag>instance's own</Tag> : null}
          <span className={state.tone}>{state.word}</span>
        </p>
        {facts ? <p className="text-ink-2 [overflow-wrap:anywhere]">{facts}</p> : null}
        <p className="text-ink-3">
          {usersOf(image)}
          {image.prepared_at ? (
            <>
              {" · "}
              <RelativeTime at={image.prepared_at} />
            </>
          ) : null}
        </p>
        {image.message ? (
          <p className="mt-1 whitespace-pre-wrap text-fail [overflow-wrap:anywhere]">{image.message}</p>
        ) : null}
        {image.progress ? <ImageProgress progress={image.progress} /> : null}
      </div>
      <Menu
        trigger={
          <IconButton label={`What to do with ${image.name}`}>
            <EllipsisVertical />
          </IconButton>
        }
      >
        <MenuItem onSelect={onRenew} disabled={!idle}>
          <RefreshCw aria-hidden /> {image.state === "failed" ? "Try again" : "Renew from the registry"}
        </MenuItem>
        <MenuItem onSelect={onRemove} danger disabled={image.own || image.state === "removing"}>
          <Trash2 aria-hidden /> {idle ? "Remove" : "Give up and remove"}
        </MenuItem>
      </Menu>
    </li>
  );
}

function ImageProgress({ progress }: { progress: NonNullable<RunnerImage["progress"]> }) {
  const { words, share } = progressOf(progress);
  return (
    <div className="mt-2">
      <p role="status" className="num text-ink-2 text-xs">
        {words}
      </p>
      {share === null ? null : <Meter share={share} className="mt-1 max-w-96" />}
      {progress.lines.length > 0 ? (
        <details className="mt-1">
          <summary className="cursor-pointer text-ink-3 text-xs">What the engine says</summary>
          <pre className="mt-1 max-h-60 overflow-auto rounded-sm border border-line bg-sunken p-2 text-xs">
            {progress.lines.join("\n")}
          </pre>
        </details>
      ) : null}
    </div>
  );
}
