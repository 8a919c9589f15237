import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, formatElapsed, formatRelative } from "./format";

it("bytes", () => {
  expect([0, 1023, 1024, 1536, 512 * 1024 ** 2, 1024 ** 3 - 1, 3 * 1024 ** 4].map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "512 MiB",
    "1 GiB",
    "3 TiB",
  ]);
});

it("durations", () => {
  expect([-5, 340, 999, 4249, 59_999, 60_000, 200_000, 3_600_000, 7_500_000, 100_800_000].map(formatDuration)).toEqual([
    "0 ms",
    "340 ms",
    "999 ms",
    "4.2 s",
    "59.9 s",
    "1 min",
    "3 min 20 s",
    "1 h",
    "2 h 5 min",
    "1 d 4 h",
  ]);
  expect([400, 7900, 61_000].map(formatElapsed)).toEqual(["0 s", "7 s", "1 min 1 s"]);
});

describe("relative times", () => {
  const now = new Date("2026-03-10T12:00:00Z");
  const at = (iso: string) => formatRelative(new Date(iso), now);
  it("look back and ahead", () => {
    expect(at("2026-03-10T11:59:58Z")).toBe("just now");
    expect(at("2026-03-10T11:59:20Z")).toBe("40 s ago");
    expect(at("2026-03-10T09:30:00Z")).toBe("2 h ago");
    expect(at("2026-03-10T12:04:10Z")).toBe("in 4 min");
    expect(at("2026-03-01T12:00:00Z")).toBe("9 d ago");
  });
});
