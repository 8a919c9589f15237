// The address at which a call from elsewhere starts this script: made, shown once, copied, replaced, switched off,
// removed; and how a call of it looks.
import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus, RefreshCw, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { ConfirmDialog } from "~/components/ui/confirm-dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { ShownOnce } from "~/components/ui/shown-once";
import { Switch } from "~/components/ui/switch";
import { RelativeTime } from "~/components/ui/time";
import type { Anew, Trigger } from "./contract";
import { addressOf } from "./examples";
import { Examples } from "./examples-view";
import { triggerQuery } from "./requests";
import { useTrigger } from "./use-trigger";

export function TriggerPanel({ scriptId }: { scriptId: string }) {
  const { data: trigger, error, refetch } = useQuery(triggerQuery(scriptId));
  const acts = useTrigger(scriptId);
  return (
    <Panel
      id="trigger"
      title="Start from elsewhere"
      actions={<span className="text-ink-3 text-xs max-sm:hidden">An address that starts a run when it is called</span>}
    >
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {trigger === undefined ? (
        error ? null : (
          <SkeletonRows rows={1} height={96} />
        )
      ) : trigger === null ? (
        <Empty
          className="py-7"
          title="This script is started here and by its schedules only"
          action={
            <Button busy={acts.make.isPending} onClick={() => acts.make.mutate()}>
              <Plus aria-hidden /> Make an address
            </Button>
          }
        >
          With an address of its own, a push to a repository, a button in another program or a line of curl can start
          it, and give it a body to work on.
        </Empty>
      ) : (
        <Known trigger={trigger} acts={acts} />
      )}
    </Panel>
  );
}

type Question = Anew | "remove";
type Acts = ReturnType<typeof useTrigger>;

function Known({ trigger, acts }: { trigger: Trigger; acts: Acts }) {
  const id = useId();
  const { told, change } = acts;
  const [asking, setAsking] = useState<Question | null>(null);
  const address = addressOf(window.location.origin, told.path, trigger.url_shown);
  return (
    <>
      <div className="flex flex-col gap-4 p-4 text-sm">
        {told.path ? (
          <ShownOnce name="The address" value={address}>
            Whoever knows it can start this script. Put it where it is needed now; if it gets lost or out, make a new
            one.
          </ShownOnce>
        ) : null}
        {told.secret ? (
          <ShownOnce name="The signing secret" value={told.secret}>
            The caller signs with it. If it gets lost, make a new one below.
          </ShownOnce>
        ) : null}
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
          <div className="flex min-w-0 flex-1 basis-72 items-start gap-3">
            <Switch
              id={id}
              className="mt-0.5"
              label="The address starts runs"
              checked={trigger.enabled}
              busy={change.isPending}
              onChange={(enabled) => change.mutate({ enabled })}
            />
            <div className="min-w-0">
              {told.path ? null : <p className="break-all font-mono text-[12.5px] leading-5">{address}</p>}
              <p className="text-ink-2">
                {trigger.enabled ? "On: a call of the address starts a run" : "Off: calls of the address are not heard"}
              </p>
              <p className="text-ink-3">
                {trigger.last_used_at ? (
                  <>
                    Last used <RelativeTime at={trigger.last_used_at} />
                  </>
                ) : (
                  "Not used yet"
                )}
                {" · made "}
                <RelativeTime at={trigger.created_at} />
              </p>
            </div>
          </div>
          <div className="flex flex-wrap gap-1.5">
            <Button size="sm" busy={acts.rotate.isPending} onClick={() => setAsking("address")}>
              <RefreshCw aria-hidden /> New address…
            </Button>
            <Button size="sm" look="danger" busy={acts.remove.isPending} onClick={() => setAsking("remove")}>
              <Trash2 aria-hidden /> Remove…
            </Button>
          </div>
        </div>
        <div className="flex gap-2">
          <Checkbox
            id={`${id}-signed`}
            className="mt-0.5 shrink-0"
            aria-describedby={`${id}-signed-means`}
            checked={trigger.signed}
            disabled={change.isPending}
            onChange={(event) => change.mutate({ signed: event.target.checked })}
          />
          <div className="min-w-0">
            <label htmlFor={`${id}-signed`} className="cursor-pointer">
              Calls have to be signed
            </label>
            <p id={`${id}-signed-means`} className="text-ink-3 text-xs">
              Knowing the address is not enough then: the caller needs a secret, too (Standard Webhooks). It is made
              when this is first switched on, and shown once.
            </p>
            {trigger.signed && trigger.has_secret ? (
              <Button size="sm" className="mt-2" busy={acts.rotate.isPending} onClick={() => setAsking("secret")}>
                <KeyRound aria-hidden /> New secret…
              </Button>
            ) : null}
          </div>
        </div>
      </div>
      <Examples address={address} signed={trigger.signed} complete={told.path !== null} />
      <Ask asking={asking} onClose={() => setAsking(null)} acts={acts} />
    </>
  );
}

const QUESTIONS: Record<Question, { title: string; text: string; act: string }> = {
  address: {
    title: "Make a new address?",
    text: "The one there is stops working at once: whoever calls it has to be given the new one, which is shown once.",
    act: "Make a new one",
  },
  secret: {
    title: "Make a new secret?",
    text: "Calls that are signed with the one there is are refused at once: the caller has to be given the new one, which is shown once.",
    act: "Make a new one",
  },
  remove: {
    title: "Remove the address?",
    text: "Calls of it are not heard any more, and it cannot be brought back. Runs that it started are kept.",
    act: "Remove",
  },
};

function Ask({ asking, onClose, acts }: { asking: Question | null; onClose: () => void; acts: Acts }) {
  if (asking === null) return null;
  const { title, text, act } = QUESTIONS[asking];
  const go = () => {
    if (asking === "remove") acts.remove.mutate(undefined, { onSettled: onClose });
    else acts.rotate.mutate(asking, { onSettled: onClose });
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={title}
      description={text}
      act={act}
      look={asking === "remove" ? "danger" : "primary"}
      busy={acts.remove.isPending || acts.rotate.isPending}
      onConfirm={go}
    />
  );
}
