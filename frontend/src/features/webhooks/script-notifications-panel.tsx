// Who is told of one script: what holds for every script, to be read, and what is of this one, to be changed.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { plural } from "~/lib/format";
import { WebhookDialog } from "./editor/webhook-dialog";
import type { Editing } from "./notifications-panel";
import { webhooksQuery } from "./requests";
import { WebhookFacts, WebhookRow } from "./webhook-row";

export function ScriptNotificationsPanel({ scriptId }: { scriptId: string }) {
  const { data, error, refetch } = useQuery(webhooksQuery);
  const [editing, setEditing] = useState<Editing>(null);
  const inherited = data?.filter((each) => each.script_id === null) ?? [];
  const own = data?.filter((each) => each.script_id === scriptId) ?? [];
  return (
    <Panel
      id="notifications"
      title="Notifications"
      actions={
        <Button size="sm" onClick={() => setEditing("new")}>
          <Plus aria-hidden /> Add webhook
        </Button>
      }
    >
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {!data ? (
        error ? null : (
          <SkeletonRows rows={2} height={88} />
        )
      ) : (
        <>
          {inherited.length > 0 ? (
            <section aria-label="Told of every script" className="border-line border-b bg-sunken/60">
              <p className="flex flex-wrap items-baseline gap-x-2 px-4 pt-2.5 text-ink-3 text-xs">
                {plural(inherited.length, "webhook")} {inherited.length === 1 ? "is" : "are"} told of every script, this
                one included.
                <Link
                  to="/settings/$section"
                  params={{ section: "notifications" }}
                  className="rounded-sm text-accent-ink hover:underline"
                >
                  Change in Settings
                </Link>
              </p>
              <ul>
                {inherited.map((webhook) => (
                  <li key={webhook.id} className="border-line border-b px-4 py-2.5 text-sm last:border-b-0">
                    <WebhookFacts brief webhook={webhook} />
                  </li>
                ))}
              </ul>
            </section>
          ) : null}
          {own.length > 0 ? (
            <ul aria-label="Webhooks of this script">
              {own.map((webhook) => (
                <WebhookRow key={webhook.id} webhook={webhook} onEdit={() => setEditing(webhook)} />
              ))}
            </ul>
          ) : (
            <Empty
              className="py-7"
              title={inherited.length > 0 ? "No webhook of this script alone" : "Nobody is told about this script"}
            >
              Add one to send a message when a run of this script fails, recovers, is skipped or is late. For all
              scripts at once, add it in Settings.
            </Empty>
          )}
        </>
      )}
      {editing ? (
        <WebhookDialog
          webhook={editing === "new" ? undefined : editing}
          scriptId={scriptId}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </Panel>
  );
}
