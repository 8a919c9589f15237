// What the API says about webhooks and their deliveries.

export type Format = "generic" | "slack" | "discord" | "ntfy" | "teams" | "template";
export type HookEvent = "finished" | "failed" | "recovered" | "skipped" | "late";
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

export interface QuietHours {
  /** "22:00", on the clocks of `timezone`. */
  from: string;
  to: string;
  timezone: string;
  /** Absent for every day. */
  days?: Weekday[] | null;
}

export interface Rules {
  on_change: boolean;
  every_nth_failure: number | null;
  quiet_hours: QuietHours | null;
}

export interface LastDelivery {
  state: DeliveryState;
  at: string;
  status: number | null;
}

export interface Webhook {
  id: string;
  name: string;
  /** Absent for one that hears of every script. */
  script_id: string | null;
  /** With what is secret in it masked: an address like that is often a password. */
  url_shown: string;
  format: Format;
  template: string | null;
  content_type: string | null;
  events: HookEvent[];
  rules: Rules;
  enabled: boolean;
  signed: boolean;
  has_secret: boolean;
  created_at: string;
  updated_at: string;
  last_delivery: LastDelivery | null;
  failing_since: string | null;
  /** Why it was switched off by itself. */
  disabled_because?: string | null;
}

/** On creation and rotation the secret is told, once. */
export type WebhookMade = Webhook & { secret?: string | null };

export interface WebhookPatch {
  name?: string;
  /** Left out: it stays. */
  url?: string;
  format?: Format;
  template?: string | null;
  content_type?: string | null;
  events?: HookEvent[];
  rules?: Rules;
  enabled?: boolean;
  /** `null` takes the signature away, "generate" makes a new secret; left out: it stays. */
  secret?: string | null;
}

export interface NewWebhook extends WebhookPatch {
  name: string;
  url: string;
  script_id?: string | null;
}

export type DeliveryState = "pending" | "delivering" | "delivered" | "failed" | "cancelled" | "quiet";

export interface Attempt {
  at: string;
  duration_ms: number;
  status: number | null;
  error: string | null;
  response_excerpt: string | null;
}

export interface SentRequest {
  method: string;
  url_shown: string;
  headers: Record<string, string>;
  body: string;
}

export interface Delivery {
  id: string;
  webhook_id: string;
  /** The `webhook-id` that receivers see: the same through all attempts and replays. */
  message_id: string;
  run_id: string | null;
  script_id: string | null;
  event: HookEvent | "test";
  state: DeliveryState;
  attempts: Attempt[];
  next_attempt_at: string | null;
  created_at: string;
  delivered_at: string | null;
  /** As it was sent last, or would be; absent in lists. */
  request: SentRequest | null;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export interface PreviewAsked {
  format: Format;
  template?: string | null;
  content_type?: string | null;
  event: HookEvent;
}

export interface Previewed {
  content_type: string;
  headers: SentRequest["headers"];
  body: string;
}

/** How deliveries are made, of all webhooks. */
export interface NotificationSettings {
  /** Hosts, addresses and networks of one's own that webhooks may be sent to. */
  private_targets: string[];
  max_attempts: number;
  timeout_seconds: number;
  keep_days: number;
  /** Later than this a scheduled start is late. */
  late_seconds: number;
  /** Where this instance is opened in a browser, for links in messages. */
  public_url: string | null;
}
