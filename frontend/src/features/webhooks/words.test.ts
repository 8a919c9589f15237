import { describe, expect, it } from "vitest";
import { formatOf, sortedEvents } from "./formats";
import {
  attemptInWords,
  daysInWords,
  hearsInWords,
  ordinal,
  readable,
  remedyOf,
  rulesInWords,
  wasTaken,
} from "./words";

const quiet = { from: "22:00", to: "07:00", timezone: "Europe/Berlin" };

describe("what a webhook is told", () => {
  it("is a sentence", () => {
    expect(
      hearsInWords({
        events: ["recovered", "failed"],
        rules: { on_change: true, every_nth_failure: 10, quiet_hours: quiet },
      }),
    ).toBe("Failed, recovered · on change and every 10th failure · quiet 22:00–07:00, Europe/Berlin");
    expect(rulesInWords({ on_change: true, every_nth_failure: null, quiet_hours: null })).toEqual(["only on change"]);
    expect(rulesInWords({ on_change: false, every_nth_failure: 3, quiet_hours: null })).toEqual([
      "only every 3rd failure",
    ]);
    expect(rulesInWords({ on_change: false, every_nth_failure: null, quiet_hours: null })).toEqual([]);
  });

  it("names days as people do", () => {
    expect(daysInWords(["mon", "tue", "wed", "thu", "fri"])).toBe("Mon–Fri");
    expect(daysInWords(["sun", "sat"])).toBe("Sat, Sun");
    expect(daysInWords(["mon", "wed", "fri"])).toBe("Mon, Wed, Fri");
    expect(daysInWords(null)).toBe("");
    expect(daysInWords(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).toBe("");
  });

  it("counts in English", () => {
    expect([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal).join(" ")).toBe(
      "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th",
    );
  });

  it("is listed in one order", () => {
    expect(sortedEvents(["late", "failed"])).toEqual(["failed", "late"]);
  });
});

describe("an address", () => {
  it.each([
    ["https://hooks.slack.com/services/T/B/x", "slack"],
    ["https://discord.com/api/webhooks/1/x", "discord"],
    ["https://ntfy.sh/topic", "ntfy"],
    ["https://prod-1.westeurope.logic.azure.com:443/workflows/x", "teams"],
    ["https://example.org/hooks.slack.com", null],
    ["https://notdiscord.com/api", null],
    ["hooks.slack.com", null],
  ])("%s wants %s", (address, format) => expect(formatOf(address)).toBe(format));
});

describe("an attempt", () => {
  it("was taken or not, and says what to do", () => {
    expect(wasTaken({ status: 204, error: null })).toBe(true);
    expect(wasTaken({ status: 302, error: null })).toBe(false);
    expect(wasTaken({ status: null, error: "timed out" })).toBe(false);
    expect(attemptInWords({ status: 503, error: "the receiver answered 503" })).toBe("answered 503");
    expect(attemptInWords({ status: null, error: "the connection was refused" })).toBe("the connection was refused");
    expect(remedyOf({ status: 410, error: null })).toMatch(/nothing at this address/);
    expect(remedyOf({ status: null, error: "It is private. Add it in Settings" })).toBeNull();
    expect(remedyOf({ status: null, error: "failed to resolve nowhere.example" })).toMatch(/spelling/);
    expect(remedyOf({ status: 200, error: null })).toBeNull();
  });

  it("sets JSON out and leaves anything else as it is", () => {
    expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(readable("<b>no</b>")).toBe("<b>no</b>");
  });
});
