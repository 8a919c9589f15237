// One webhook and what became of every message to it.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Pencil, Send } from "lucide-react";
import { useState } from "react";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { LoadMore } from "~/components/ui/load-more";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { Select } from "~/components/ui/select";
import type { DeliveryState, Webhook } from "../contract";
import { WebhookDialog } from "../editor/webhook-dialog";
import { deliveriesQuery, webhookQuery } from "../requests";
import { TestAnswer } from "../test-answer";
import { useTest } from "../use-webhooks";
import { WebhookFacts } from "../webhook-row";
import { STATE_WORDS } from "../words";
import { DeliveryRow } from "./delivery-row";

const AT = "/settings/webhooks/$webhookId";

export function WebhookPage() {
  const { webhookId } = useParams({ from: AT });
  const { data: webhook, error, refetch } = useQuery(webhookQuery(webhookId));
  return (
    <Page narrow title={webhook?.name ?? "Webhook"} className="flex flex-col gap-4">
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : null}
      {webhook ? (
        <Head webhook={webhook} />
      ) : error ? null : (
        <Panel>
          <SkeletonRows rows={1} height={96} />
        </Panel>
      )}
      {error && !webhook ? null : <Deliveries webhookId={webhookId} />}
    </Page>
  );
}

function Head({ webhook }: { webhook: Webhook }) {
  const [editing, setEditing] = useState(false);
  const test = useTest(webhook.id);
  return (
    <Panel aria-label="The webhook">
      <div className="px-4 py-3 text-sm">
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
          <div className="min-w-0 flex-1 basis-64">
            <WebhookFacts webhook={webhook} />
          </div>
          <div className="flex gap-1.5">
            <Button size="sm" busy={test.busy} onClick={test.send}>
              <Send aria-hidden /> {test.busy ? "Sending…" : "Test"}
            </Button>
            <Button size="sm" onClick={() => setEditing(true)}>
              <Pencil aria-hidden /> Edit
            </Button>
          </div>
        </div>
        <TestAnswer delivery={test.delivery} error={test.error} onDismiss={test.dismiss} />
      </div>
      {editing ? <WebhookDialog webhook={webhook} onClose={() => setEditing(false)} /> : null}
    </Panel>
  );
}

const STATES = Object.keys(STATE_WORDS) as DeliveryState[];

function Deliveries({ webhookId }: { webhookId: string }) {
  const { state, delivery: opened } = useSearch({ from: AT });
  const navigate = useNavigate({ from: AT });
  const pages = useInfiniteQuery(deliveriesQuery(webhookId, state));
  const { data, error, refetch } = pages;
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  const listed = items.some((each) => each.id === opened);
  return (
    <div>
      <Panel
        title="Deliveries"
        actions={
          <Select<DeliveryState | "all">
            label="State of the deliveries"
            className="my-1 h-7! w-36"
            value={state ?? "all"}
            onChange={(next) => void navigate({ search: { state: next === "all" ? undefined : next }, replace: true })}
            options={[
              { value: "all", label: "Any state" },
              ...STATES.map((each) => ({ value: each, label: STATE_WORDS[each].word })),
            ]}
          />
        }
      >
        {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
        {!data ? (
          error ? null : (
            <SkeletonRows rows={6} height={44} />
          )
        ) : items.length === 0 ? (
          state ? (
            <Empty
              title={`None is in the state “${STATE_WORDS[state].word}”`}
              action={
                <Link from={AT} to="." search={{}} className="rounded-sm text-accent-ink hover:underline">
                  Show all
                </Link>
              }
            />
          ) : (
            <Empty title="Nothing was sent yet">
              Every message to this webhook is listed here, with what was sent and what the receiver answered. Send a
              test to see one.
            </Empty>
          )
        ) : (
          <ul aria-label="Deliveries">
            {/* What a link leads to may be on a page that is not loaded. */}
            {opened && !listed ? <DeliveryRow key={opened} id={opened} open onToggle={() => toggle(null)} /> : null}
            {items.map((each) => (
              <DeliveryRow
                key={each.id}
                id={each.id}
                listed={each}
                open={each.id === opened}
                onToggle={() => toggle(each.id === opened ? null : each.id)}
              />
            ))}
          </ul>
        )}
      </Panel>
      <LoadMore pages={pages} />
    </div>
  );

  function toggle(id: string | null) {
    void navigate({ search: (before) => ({ ...before, delivery: id ?? undefined }), replace: true });
  }
}
