// What the API says about webhooks and their deliveries, in the words of this feature. An answer has all its fields, be
// they null: the schema, which serves wishes too, calls those optional.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type Format = Schemas["WebhookFormat"];
/** What one can wait for; a test is sent when it is asked for. */
export type HookEvent = Exclude<Schemas["WebhookEvent"], "test">;
export type Weekday = Schemas["Day"];
export type QuietHours = Schemas["QuietHours"];
export type Rules = Required<Schemas["WebhookRules"]>;

export type LastDelivery = Required<Schemas["LastDelivery"]>;
export type Webhook = Required<Omit<Schemas["Webhook"], "secret" | "events" | "rules" | "last_delivery">> & {
  events: HookEvent[];
  rules: Rules;
  last_delivery: LastDelivery | null;
};
/** On creation and rotation the secret is told, once. */
export type WebhookMade = Webhook & { secret?: string | null };

/** What is left out stays as it is. */
export type WebhookPatch = Omit<Schemas["WebhookWish"], "events" | "rules"> & { events?: HookEvent[]; rules?: Rules };
export type NewWebhook = WebhookPatch & { name: string; url: string };

export type DeliveryState = Schemas["DeliveryState"];
export type Attempt = Required<Schemas["DeliveryAttempt"]>;
export type SentRequest = Schemas["DeliveryRequest"];
export type Delivery = Required<Omit<Schemas["Delivery"], "attempts" | "request">> & {
  attempts: Attempt[];
  /** As it was sent last, or would be; absent in lists. */
  request: SentRequest | null;
};

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export type PreviewAsked = Schemas["PreviewWish"];
export type Previewed = Schemas["WebhookPreview"];

/** How deliveries are made, of all webhooks. */
export type NotificationSettings = Required<Schemas["Notifications"]>;
