// One webhook: where it tells, how, of what, how that goes, and what can be done about it.
import { Link } from "@tanstack/react-router";
import { EllipsisVertical, Pencil, Rows3, Send, Trash2, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { ConfirmDialog } from "~/components/ui/confirm-dialog";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { Switch } from "~/components/ui/switch";
import { Tag } from "~/components/ui/tag";
import { RelativeTime } from "~/components/ui/time";
import type { Webhook } from "./contract";
import { DeliveryMark } from "./delivery-state";
import { aboutFormat } from "./formats";
import { TestAnswer } from "./test-answer";
import { useTest, useWebhookActs } from "./use-webhooks";
import { hearsInWords } from "./words";

interface WebhookRowProps {
  webhook: Webhook;
  onEdit: () => void;
  /** Whose it is, where they are of several. */
  owner?: ReactNode;
}

export function WebhookRow({ webhook, onEdit, owner }: WebhookRowProps) {
  const { switchTo } = useWebhookActs();
  const test = useTest(webhook.id);
  return (
    <li className="border-line border-b px-4 py-3 text-sm last:border-b-0">
      <div className="flex items-start gap-3">
        <Switch
          className="mt-0.5"
          label={`${webhook.name} is told`}
          checked={webhook.enabled}
          busy={switchTo.isPending}
          onChange={(enabled) => switchTo.mutate({ webhook, enabled })}
        />
        <div className="min-w-0 flex-1">
          <WebhookFacts webhook={webhook} owner={owner} />
        </div>
        <div className="flex shrink-0 items-center gap-1">
          <Button
            size="sm"
            className="max-sm:hidden"
            aria-label={`Send a test to ${webhook.name}`}
            busy={test.busy}
            onClick={test.send}
          >
            <Send aria-hidden /> {test.busy ? "Sending…" : "Test"}
          </Button>
          <WebhookMenu webhook={webhook} onEdit={onEdit} onTest={test.send} />
        </div>
      </div>
      {/* Announced as it comes, hence there before it. */}
      <TestAnswer delivery={test.delivery} error={test.error} onDismiss={test.dismiss} />
    </li>
  );
}

interface WebhookFactsProps {
  webhook: Webhook;
  owner?: ReactNode;
  /** Without address and without what went well: for where nothing can be done about it. */
  brief?: boolean;
}

/** Everything but what can be done: also for where nothing can be. */
export function WebhookFacts({ webhook, owner, brief = false }: WebhookFactsProps) {
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Link
          to="/settings/webhooks/$webhookId"
          params={{ webhookId: webhook.id }}
          className="rounded-sm font-medium text-ink [overflow-wrap:anywhere] hover:underline"
        >
          {webhook.name}
        </Link>
        <Tag>{aboutFormat(webhook.format).name}</Tag>
        {webhook.signed ? <Tag>signed</Tag> : null}
        {webhook.enabled ? null : <span className="text-ink-3">Off</span>}
        {owner}
      </p>
      {brief ? null : <p className="break-all font-mono text-[12.5px] text-ink-3 leading-5">{webhook.url_shown}</p>}
      <p className="text-ink-2 [overflow-wrap:anywhere]">{hearsInWords(webhook)}</p>
      <Health webhook={webhook} brief={brief} />
    </>
  );
}

function Health({ webhook, brief }: { webhook: Webhook; brief: boolean }) {
  const { enabled, last_delivery, failing_since, disabled_because } = webhook;
  if (disabled_because && !enabled) return <Trouble>Switched off by itself: {disabled_because}</Trouble>;
  if (failing_since)
    return (
      <Trouble>
        Failing since <RelativeTime at={failing_since} />
        {last_delivery?.status ? `; the receiver last answered ${last_delivery.status}` : ""}
      </Trouble>
    );
  if (brief) return null;
  if (!last_delivery) return <p className="mt-0.5 text-ink-3">Nothing was sent yet</p>;
  return (
    <p className="mt-0.5 flex flex-wrap items-center gap-x-1.5 text-ink-3">
      <DeliveryMark state={last_delivery.state} />
      <RelativeTime at={last_delivery.at} />
      {last_delivery.status ? <span className="num">{last_delivery.status}</span> : null}
    </p>
  );
}

const Trouble = ({ children }: { children: ReactNode }) => (
  <p className="mt-0.5 flex items-baseline gap-1.5 text-fail">
    <TriangleAlert aria-hidden className="size-3.5 shrink-0 translate-y-0.5" />
    <span className="min-w-0 [overflow-wrap:anywhere]">{children}</span>
  </p>
);

function WebhookMenu({ webhook, onEdit, onTest }: { webhook: Webhook; onEdit: () => void; onTest: () => void }) {
  const { remove } = useWebhookActs();
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <Menu
        trigger={
          <IconButton label={`What to do with ${webhook.name}`}>
            <EllipsisVertical />
          </IconButton>
        }
      >
        <MenuItem onSelect={onEdit}>
          <Pencil aria-hidden /> Edit
        </MenuItem>
        <MenuItem onSelect={onTest}>
          <Send aria-hidden /> Send a test
        </MenuItem>
        <MenuItem asChild>
          <Link to="/settings/webhooks/$webhookId" params={{ webhookId: webhook.id }}>
            <Rows3 aria-hidden /> Deliveries
          </Link>
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger onSelect={() => setDeleting(true)}>
          <Trash2 aria-hidden /> Delete…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title="Delete this webhook?"
        description={`“${webhook.name}” is told nothing any more, and its list of deliveries goes with it, with those that still wait. Its address is not kept: to go on later, switch it off instead.`}
        act="Delete"
        busy={remove.isPending}
        onConfirm={() => remove.mutate(webhook, { onSettled: () => setDeleting(false) })}
      />
    </>
  );
}
