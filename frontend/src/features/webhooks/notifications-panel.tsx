// Webhooks of every script and of single ones: who is told, how it goes, and where to add another.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { scriptQuery } from "~/api/queries";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import type { Webhook } from "./contract";
import { WebhookDialog } from "./editor/webhook-dialog";
import { webhooksQuery } from "./requests";
import { WebhookRow } from "./webhook-row";

/** A new one, one that there is, or none is being edited. */
export type Editing = "new" | Webhook | null;

export function NotificationsPanel() {
  const { data, error, refetch } = useQuery(webhooksQuery);
  const [editing, setEditing] = useState<Editing>(null);
  const all = data?.filter((each) => each.script_id === null) ?? [];
  const single = data?.filter((each) => each.script_id !== null) ?? [];
  return (
    <>
      <Panel
        id="webhooks"
        title="Webhooks"
        actions={
          <Button size="sm" onClick={() => setEditing("new")}>
            <Plus aria-hidden /> Add webhook
          </Button>
        }
      >
        {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
        {!data ? (
          error ? null : (
            <SkeletonRows rows={3} height={88} />
          )
        ) : all.length === 0 ? (
          <Empty
            title="Nobody is told yet"
            action={
              <Button look="primary" onClick={() => setEditing("new")}>
                <Plus aria-hidden /> Add webhook
              </Button>
            }
          >
            A webhook sends a message when a run of any script fails or recovers: to Slack, Discord, Teams, your phone
            by ntfy, or a program of yours. You need the address that the receiver gives you; how to get it stands
            beside the field.
          </Empty>
        ) : (
          <ul aria-label="Webhooks of every script">
            {all.map((webhook) => (
              <WebhookRow key={webhook.id} webhook={webhook} onEdit={() => setEditing(webhook)} />
            ))}
          </ul>
        )}
      </Panel>
      {single.length > 0 ? (
        <Panel
          title="Webhooks of single scripts"
          actions={<span className="text-ink-3 text-xs max-sm:hidden">Added in the settings of their script</span>}
        >
          <ul aria-label="Webhooks of single scripts">
            {single.map((webhook) => (
              <WebhookRow
                key={webhook.id}
                webhook={webhook}
                onEdit={() => setEditing(webhook)}
                owner={webhook.script_id ? <Owner scriptId={webhook.script_id} /> : null}
              />
            ))}
          </ul>
        </Panel>
      ) : null}
      {editing ? (
        <WebhookDialog webhook={editing === "new" ? undefined : editing} onClose={() => setEditing(null)} />
      ) : null}
    </>
  );
}

function Owner({ scriptId }: { scriptId: string }) {
  const { data } = useQuery(scriptQuery(scriptId));
  if (!data) return null;
  return (
    <Link to="/scripts/$scriptId/settings" params={{ scriptId }} className="rounded-sm text-accent-ink hover:underline">
      {data.name}
    </Link>
  );
}
