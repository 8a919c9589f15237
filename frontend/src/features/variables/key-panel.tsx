// The key that secrets are sealed with: where it is, since when, and replacing it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FactRow, Mono } from "~/components/ui/facts";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { formatAbsolute, plural } from "~/lib/format";
import { secretsKeyQuery, useRotateKey } from "./requests";

export function KeyPanel() {
  const { data, error, refetch } = useQuery(secretsKeyQuery);
  const [asking, setAsking] = useState(false);
  return (
    <Panel title="Key to stored secrets">
      {data ? (
        <>
          {data.trouble ? <Caution className="px-4 pt-3">{data.trouble}</Caution> : null}
          <dl>
            <FactRow name="Id" note="Made of the key; no secret">
              <Mono value={data.id ?? "none"} />
            </FactRow>
            <FactRow name="Since">
              {data.created_at ? (
                <time dateTime={data.created_at} className="num">
                  {formatAbsolute(new Date(data.created_at))}
                </time>
              ) : (
                <span className="text-ink-3">unknown</span>
              )}
            </FactRow>
            <FactRow name="Where">
              {data.location === "volume"
                ? "In the data folder, beside the database. Backups need it too, kept apart from them."
                : "In the file that PYTASK_SECRETS_KEY_FILE names."}
            </FactRow>
            <FactRow name="Replace it" note="Everything is sealed anew">
              {data.location === "volume" ? (
                <Button size="sm" disabled={data.trouble != null} onClick={() => setAsking(true)}>
                  Replace the key…
                </Button>
              ) : (
                <span className="text-ink-3">
                  Put a new one into another file, let PYTASK_SECRETS_KEY_FILE name that and PYTASK_SECRETS_OLD_KEY_FILE
                  this one, and restart.
                </span>
              )}
            </FactRow>
          </dl>
        </>
      ) : error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" />
      ) : (
        <SkeletonRows rows={4} height={40} />
      )}
      {asking ? <RotateDialog onClose={() => setAsking(false)} /> : null}
    </Panel>
  );
}

function RotateDialog({ onClose }: { onClose: () => void }) {
  const rotate = useRotateKey();
  const go = () =>
    rotate.mutate(undefined, {
      onSuccess: ({ resealed, unreadable }) => {
        toast(`The key is replaced; ${plural(resealed, "secret")} sealed anew`, {
          ...(unreadable > 0
            ? { description: `${plural(unreadable, "secret")} could not be read before either: enter them again.` }
            : {}),
        });
        onClose();
      },
    });
  return (
    <Dialog
      open
      onClose={onClose}
      title="Replace the key?"
      description="A new key is made, every stored secret and password is sealed with it, and the old key is removed. Copies of the database that were made before can then only be read with a copy of the old key."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={rotate.isPending} onClick={go}>
            Replace the key
          </Button>
        </>
      }
    >
      {rotate.error ? <ErrorNotice error={rotate.error} /> : null}
    </Dialog>
  );
}
