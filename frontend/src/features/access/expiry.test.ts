import { expect, it } from "vitest";
import { expiresAt, expiresSoon, expiryInWords } from "./expiry";

const now = new Date("2026-03-01T12:00:00Z");
const token = (expires_at: string | null) => ({
  expires_at,
  expired: expires_at !== null && expires_at <= now.toISOString(),
});

it("says until when a token is of use", () => {
  expect(expiryInWords(token(null), now)).toBe("Does not expire");
  expect(expiryInWords(token("2026-03-05T12:00:00.000Z"), now)).toBe("Expires in 4 d");
  expect(expiryInWords(token("2026-02-27T12:00:00.000Z"), now)).toBe("Expired 2 d ago");
  expect(expiryInWords(token("2026-06-01T12:00:00.000Z"), now)).toMatch(/^Expires on .*2026/);
  expect(expiryInWords(token("2025-06-01T12:00:00.000Z"), now)).toMatch(/^Expired on .*2025/);
});

it("warns a week before", () => {
  expect(expiresSoon(token("2026-03-05T12:00:00.000Z"), now)).toBe(true);
  expect(expiresSoon(token("2026-03-15T12:00:00.000Z"), now)).toBe(false);
  expect(expiresSoon(token("2026-02-15T12:00:00.000Z"), now)).toBe(false);
  expect(expiresSoon(token(null), now)).toBe(false);
});

it("is counted from now", () => {
  expect(expiresAt("30", now)).toBe("2026-03-31T12:00:00.000Z");
  expect(expiresAt("never", now)).toBeNull();
});
