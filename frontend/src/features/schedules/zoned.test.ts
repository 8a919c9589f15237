import { describe, expect, it } from "vitest";
import { instantOf } from "./wall-time";
import { dateIn, localIn, momentIn, searchZones } from "./zoned";

describe("a moment on a zone's clocks", () => {
  const now = new Date("2026-06-01T00:00:00Z");
  it.each([
    ["2026-11-25T01:30:00Z", "Europe/Berlin", "Wed 25 Nov, 02:30"],
    ["2026-11-25T01:30:00Z", "America/New_York", "Tue 24 Nov, 20:30"],
    ["2027-01-01T00:05:00Z", "UTC", "Fri 1 Jan 2027, 00:05"],
    ["2026-11-25T01:30:00Z", "Not/A_Zone", "Wed 25 Nov, 01:30"],
  ])("%s in %s", (at, zone, words) => {
    expect(momentIn(at, zone, now)).toBe(words);
  });
  it("is of the day that it is there", () => {
    expect(dateIn("2026-11-25T01:30:00Z", "America/New_York")).toBe("2026-11-24");
  });
});

describe("a wall time", () => {
  it.each([
    ["2026-11-25T02:30", "Europe/Berlin", "2026-11-25T01:30:00.000Z"],
    ["2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30:00.000Z"],
    ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
    ["", "Europe/Berlin", null],
    ["2026-11-25T02:30", "Not/A_Zone", null],
  ])("%s in %s", (local, zone, instant) => {
    expect(instantOf(local, zone)).toBe(instant);
  });
  it("comes back as it was", () => {
    expect(localIn("2026-11-25T01:30:00.000Z", "Asia/Kathmandu")).toBe("2026-11-25T07:15");
  });
});

describe("the search for a zone", () => {
  const zones = ["America/New_York", "Asia/Kathmandu", "Europe/Berlin", "Europe/Kyiv", "UTC"];
  it.each([
    ["new york", ["America/New_York"]],
    ["eu", ["Europe/Berlin", "Europe/Kyiv"]],
    ["k", ["Asia/Kathmandu", "Europe/Kyiv", "America/New_York"]],
    ["moon", []],
  ])("%s", (typed, found) => {
    expect(searchZones(zones, typed)).toEqual(found);
  });
  it("puts the viewer's own first", () => {
    expect(searchZones(zones, "", ["Europe/Berlin"])[0]).toBe("Europe/Berlin");
  });
});
