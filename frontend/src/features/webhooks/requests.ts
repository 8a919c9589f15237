// What the interface asks the server about webhooks, and the queries that keep the answers. Every key begins with
// "webhooks", so that one word makes all of them be read again.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask } from "~/api/client";
import type {
  Delivery,
  DeliveryState,
  NewWebhook,
  Page,
  PreviewAsked,
  Previewed,
  Webhook,
  WebhookMade,
  WebhookPatch,
} from "./contract";

const of = (id: string) => `/webhooks/${encodeURIComponent(id)}`;
const ofDelivery = (id: string) => `/deliveries/${encodeURIComponent(id)}`;

export const createWebhook = (body: NewWebhook) => ask<WebhookMade>("POST", "/webhooks", body);
export const changeWebhook = (id: string, body: WebhookPatch) => ask<WebhookMade>("PATCH", of(id), body);
export const deleteWebhook = (id: string) => ask<void>("DELETE", of(id));
export const testWebhook = (id: string) => ask<Delivery>("POST", `${of(id)}/test`, {});
export const replayDelivery = (id: string) => ask<Delivery>("POST", `${ofDelivery(id)}/replay`, {});
export const readDelivery = (id: string, signal?: AbortSignal) =>
  ask<Delivery>("GET", ofDelivery(id), undefined, signal);

/** A delivery under way ends within seconds; a webhook fails without anybody looking. */
const LIST_MS = 10_000;

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks", "list"],
  queryFn: ({ signal }) => ask<Page<Webhook>>("GET", "/webhooks", undefined, signal),
  select: (page) => page.items,
  refetchInterval: LIST_MS,
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", "one", id],
    queryFn: ({ signal }) => ask<Webhook>("GET", of(id), undefined, signal),
    refetchInterval: LIST_MS,
  });

export const deliveriesQuery = (id: string, state: DeliveryState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", id, state ?? "all"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({
        limit: "50",
        ...(state ? { state } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      });
      return ask<Page<Delivery>>("GET", `${of(id)}/deliveries?${search}`, undefined, signal);
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
    // What is under way moves on by itself.
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.items.some((each) => isMoving(each.state))) ? 2000 : LIST_MS,
  });

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", "delivery", id],
    queryFn: ({ signal }) => readDelivery(id, signal),
    refetchInterval: (query) => (query.state.data && isMoving(query.state.data.state) ? 2000 : false),
    retry: false,
  });

/** Something will come of it within the while that somebody looks. */
const isMoving = (state: DeliveryState): boolean => state === "pending" || state === "delivering";
/** It is not over: held back until its hour, too. */
export const isOpen = (state: DeliveryState): boolean => isMoving(state) || state === "quiet";

/** What would be sent. A refusal is an answer here: it is shown and not asked for again. */
export const previewQuery = (asked: PreviewAsked) =>
  queryOptions({
    queryKey: ["webhook-preview", asked],
    queryFn: ({ signal }) => ask<Previewed>("POST", "/webhooks/preview", asked, signal),
    retry: false,
    gcTime: 30_000,
  });
