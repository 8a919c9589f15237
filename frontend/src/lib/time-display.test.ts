import { afterEach, describe, expect, it } from "vitest";
import { formatAbsolute, formatClock } from "./format";
import { chooseHours, chooseZone, displayZone, hoursChoice, zoneChoice } from "./time-display";

const AT = new Date("2026-11-25T20:05:06.789Z");
afterEach(() => {
  chooseZone("");
  chooseHours("auto");
});

describe("how times are shown", () => {
  it("follows the zone that was chosen", () => {
    chooseZone("Asia/Tokyo");
    expect(displayZone()).toBe("Asia/Tokyo");
    expect(formatClock(AT)).toBe("05:05:06.789");
    expect(formatAbsolute(AT)).toMatch(/26/);
    chooseZone("UTC");
    expect(formatClock(AT)).toBe("20:05:06.789");
  });
  it("follows the hours that were chosen", () => {
    chooseZone("UTC");
    chooseHours("24");
    expect(formatAbsolute(AT)).toMatch(/20:05:06/);
    chooseHours("12");
    expect(formatAbsolute(AT)).toMatch(/0?8:05:06\sPM/i);
  });
  it("is kept, and forgotten with the default", () => {
    chooseZone("UTC");
    chooseHours("12");
    expect([localStorage.getItem("pytask.time_zone"), localStorage.getItem("pytask.hours")]).toEqual(["UTC", "12"]);
    chooseZone("");
    chooseHours("auto");
    expect([localStorage.getItem("pytask.time_zone"), localStorage.getItem("pytask.hours")]).toEqual([null, null]);
  });
  it("takes no zone that the browser does not know", () => {
    chooseZone("Mars/Olympus");
    expect([zoneChoice.get(), hoursChoice.get()]).toEqual(["", "auto"]);
  });
});
