// How long a token is to be of use, as it is chosen. Pure.
import { formatRelative } from "~/lib/format";
import type { Token } from "./contract";

export const EXPIRIES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: "never", label: "Never" },
] as const;
export type Expiry = (typeof EXPIRIES)[number]["value"];

const DAY = 86_400_000;

export const expiresAt = (expiry: Expiry, now: Date): string | null =>
  expiry === "never" ? null : new Date(now.getTime() + Number(expiry) * DAY).toISOString();

/** "Expires in 12 d", "Expired 3 d ago", "Does not expire" */
export function expiryInWords({ expires_at, expired }: Pick<Token, "expires_at" | "expired">, now: Date): string {
  if (expires_at === null) return "Does not expire";
  const at = new Date(expires_at);
  const over = expired || at <= now;
  const distance = formatRelative(at, now);
  if (/^(in |just now)|ago$/.test(distance)) return over ? `Expired ${distance}` : `Expires ${distance}`;
  return `${over ? "Expired" : "Expires"} on ${distance}`;
}

/** Soon enough to be thought of. */
export const expiresSoon = ({ expires_at, expired }: Pick<Token, "expires_at" | "expired">, now: Date): boolean =>
  !expired && expires_at !== null && new Date(expires_at).getTime() - now.getTime() < 7 * DAY;
