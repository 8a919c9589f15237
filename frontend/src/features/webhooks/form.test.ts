import { describe, expect, it } from "vitest";
import type { Webhook } from "./contract";
import { type Draft, draftOf, fieldOf, lineOf, nameOf, newDraft, patchOf, read, spanOfLine } from "./form";

const webhook: Webhook = {
  id: "w1",
  name: "Team",
  script_id: null,
  url_shown: "https://hooks.example.org/se…",
  format: "generic",
  template: null,
  content_type: null,
  events: ["recovered", "failed"],
  rules: {
    on_change: true,
    every_nth_failure: 10,
    quiet_hours: { from: "22:00", to: "07:00", timezone: "Europe/Berlin", days: ["sat", "sun"] },
  },
  enabled: true,
  signed: true,
  has_secret: true,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  last_delivery: null,
  failing_since: null,
  disabled_because: null,
};

const draft = (over: Partial<Draft> = {}): Draft => ({ ...newDraft("UTC"), url: "https://example.org/hook", ...over });

describe("a new webhook", () => {
  it("tells of failures and recoveries, once each, and is called by where it goes", () => {
    expect(read(draft(), false).body).toEqual({
      name: "example.org",
      url: "https://example.org/hook",
      format: "generic",
      template: null,
      content_type: null,
      events: ["failed", "recovered"],
      rules: { on_change: true, every_nth_failure: null, quiet_hours: null },
      secret: null,
    });
    expect(nameOf({ format: "slack", url: "https://hooks.slack.com/x" })).toBe("Slack");
    expect(nameOf({ format: "template", url: "nowhere" })).toBe("Own template");
  });

  it("has template and content type only where it is of one's own", () => {
    const own = read(draft({ format: "template", template: "{{ event }}", contentType: "text/plain" }), false);
    expect(own.body).toMatchObject({ template: "{{ event }}", content_type: "text/plain" });
    const other = read(draft({ format: "slack", template: "{{ event }}" }), false);
    expect(other.body).toMatchObject({ template: null, content_type: null });
  });

  it.each<[Partial<Draft>, keyof Draft]>([
    [{ url: "" }, "url"],
    [{ url: "ftp://example.org" }, "url"],
    [{ url: "example.org/hook" }, "url"],
    [{ events: [] }, "events"],
    [{ repeat: true, nth: "1" }, "nth"],
    [{ repeat: true, nth: "often" }, "nth"],
    [{ quiet: true, from: "24:00" }, "from"],
    [{ quiet: true, from: "08:00", to: "08:00" }, "to"],
    [{ quiet: true, days: [] }, "days"],
    [{ format: "template", template: " " }, "template"],
    [{ format: "template", contentType: "json" }, "contentType"],
  ])("is refused at its field: %o", (over, field) => {
    const { body, errors } = read(draft(over), false);
    expect(body).toBeNull();
    expect(Object.keys(errors ?? {})).toEqual([field]);
  });

  it("may be quiet for whole days, but not for all of them", () => {
    const { body } = read(draft({ quiet: true, from: "00:00", to: "00:00", days: ["sun", "sat"] }), false);
    expect(body?.rules?.quiet_hours).toEqual({ from: "00:00", to: "00:00", timezone: "UTC", days: ["sat", "sun"] });
  });
});

describe("a change", () => {
  const changed = (over: Partial<Draft>) => {
    const { body } = read({ ...draftOf(webhook, "UTC"), ...over }, true);
    if (!body) throw new Error("it cannot be read");
    return patchOf(webhook, body);
  };

  it("sends only what differs, and keeps the address that is not told", () => {
    expect(changed({})).toEqual({});
    expect(changed({ events: ["failed", "recovered"] })).toEqual({});
    expect(changed({ name: "Others" })).toEqual({ name: "Others" });
    expect(changed({ url: "https://example.org/new" })).toEqual({ url: "https://example.org/new" });
    expect(changed({ quiet: false })).toEqual({
      rules: { on_change: true, every_nth_failure: 10, quiet_hours: null },
    });
  });

  it("touches the secret only when that is chosen", () => {
    expect(changed({ signing: "generate" })).toEqual({ secret: "generate" });
    expect(changed({ signing: "none" })).toEqual({ secret: null });
    const without = { ...webhook, signed: false, has_secret: false };
    const { body } = read({ ...draftOf(without, "UTC"), signing: "none" }, true);
    expect(body && patchOf(without, body)).toEqual({});
  });
});

describe("a refusal", () => {
  it("is shown at the field that it is about", () => {
    expect(fieldOf("rules.every_nth_failure")).toBe("nth");
    expect(fieldOf("content_type")).toBe("contentType");
    expect(fieldOf("something_else")).toBeNull();
    expect(fieldOf(null)).toBeNull();
  });

  it("of a template points at its line", () => {
    expect(lineOf("it does not parse", { line: 3 })).toBe(3);
    expect(lineOf("undefined value (in template:2)", {})).toBe(2);
    expect(lineOf("syntax error on line 12", {})).toBe(12);
    expect(lineOf("it is empty", {})).toBeNull();
    expect(spanOfLine("one\ntwo\nthree", 2)).toEqual([4, 7]);
    expect(spanOfLine("one\ntwo", 9)).toEqual([4, 7]);
  });
});
