// The environment that runs use and those before it that can be gone back to, at once and without a build.
import { useState } from "react";
import { toast } from "sonner";
import type { Environment } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { plural } from "~/lib/format";
import { LockDiff } from "./lock-diff";
import { diffWords } from "./packages";
import type { EnvironmentActs } from "./use-environment";

export function EnvironmentsPanel({ items, acts }: { items: readonly Environment[]; acts: EnvironmentActs }) {
  const [asked, setAsked] = useState<Environment | null>(null);
  const close = () => setAsked(null);
  const goBack = (key: string) =>
    acts.back.mutate(key, {
      onSuccess: () => {
        close();
        toast("Runs that start from now on use it");
      },
    });
  return (
    <Panel title="Earlier environments">
      <ul>
        {items.map((each) => (
          <li
            key={each.key}
            className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 border-line border-b px-4 py-2 text-sm last:border-b-0"
          >
            <div className="min-w-0 flex-1 basis-56">
              <p>
                {each.live ? (
                  <span className="font-medium text-ok">In use </span>
                ) : (
                  <span className="font-medium">Used </span>
                )}
                <span className="text-ink-2">
                  {each.live ? "since " : "from "}
                  <RelativeTime at={each.live_at ?? each.created_at} />
                  {" · "}
                  {plural(each.packages, "package")}
                </span>
              </p>
              {each.damage ? (
                <p className="text-fail [overflow-wrap:anywhere]">
                  {each.damage}
                  {each.live ? "" : ", so it cannot be gone back to"}
                </p>
              ) : each.live ? null : (
                <p className="text-ink-3">Going back: {diffWords(each.changes) ?? "the same packages"}</p>
              )}
            </div>
            {each.live || each.damage ? null : (
              <Button
                size="sm"
                disabled={acts.busy}
                onClick={() => {
                  acts.forget();
                  setAsked(each);
                }}
              >
                Go back
              </Button>
            )}
          </li>
        ))}
      </ul>
      {asked ? (
        <Dialog
          open
          onClose={close}
          title="Go back to this environment?"
          description={
            <>
              Runs that start from now on use it; those under way go on as they are. What the script asks for stays as
              it is, so it may say “needs install” afterwards. The environment in use now stays here to come back to.
            </>
          }
          footer={
            <>
              <Button onClick={close}>Stay</Button>
              <Button look="primary" busy={acts.back.isPending} onClick={() => goBack(asked.key)}>
                Go back
              </Button>
            </>
          }
        >
          {diffWords(asked.changes) ? (
            <LockDiff changes={asked.changes} />
          ) : (
            <p className="text-ink-2 text-sm">It has the same packages in the same versions, in other files.</p>
          )}
          {acts.back.error ? (
            <ErrorNotice error={acts.back.error} unchanged="Runs use the environment as before." className="mt-3" />
          ) : null}
        </Dialog>
      ) : null}
    </Panel>
  );
}
