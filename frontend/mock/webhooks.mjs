// Webhooks and their deliveries in every state: one that works, one whose receiver is away, one that is off, one of a
// single script. A test is answered a moment later; what a template may say is a small part of what the product takes.
import { ago, newId, runs, scripts } from "./data.mjs";

const MIN = 60_000;
const HOUR = 60 * MIN;

const webhooks = new Map();
const deliveries = new Map();

const NO_RULES = { on_change: true, every_nth_failure: null, quiet_hours: null };

function webhook(name, url, format, rest = {}) {
  const made = {
    id: newId(),
    name,
    script_id: null,
    url,
    format,
    template: null,
    content_type: null,
    events: ["failed", "recovered"],
    rules: NO_RULES,
    enabled: true,
    secret: null,
    created_at: ago(900 * HOUR),
    updated_at: ago(300 * HOUR),
    failing_since: null,
    disabled_because: null,
    ...rest,
  };
  webhooks.set(made.id, made);
  return made;
}

/** What is secret in such an address is everything behind the host. */
const masked = (url) =>
  url.replace(/^(https?:\/\/[^/]+)\/(.*)$/, (_, host, rest) => `${host}/…${rest.length < 24 ? "" : rest.slice(-4)}`);

const attempt = (ms, status, error = null, response_excerpt = null, duration_ms = 143) => ({
  at: ago(ms),
  duration_ms,
  status,
  error,
  response_excerpt,
});

function delivery(of, event, state, attempts, rest = {}) {
  const run = [...runs.values()].findLast((each) => each.state === "finished" && each.outcome.kind === "failed");
  const { body, content_type, headers } = rendered(of, event === "test" ? "failed" : event);
  const made = {
    id: newId(),
    webhook_id: of.id,
    message_id: `msg_${newId()}`,
    run_id: event === "test" ? null : (run?.id ?? null),
    script_id: event === "test" ? null : (run?.script_id ?? null),
    event,
    state,
    attempts,
    next_attempt_at: null,
    created_at: attempts[0]?.at ?? new Date().toISOString(),
    delivered_at: state === "delivered" ? (attempts.at(-1)?.at ?? null) : null,
    request: {
      method: "POST",
      url_shown: masked(of.url),
      headers: {
        "content-type": content_type,
        "user-agent": "PyTask-Manager/0.1.0",
        ...headers,
        ...(of.secret ? { "webhook-signature": "v1,Ms9q0mPYyFqkRkZ3nqkXk1m2Fq1r2e3Zr0Pq8c3u5GQ=" } : {}),
      },
      body,
    },
    ...rest,
  };
  deliveries.set(made.id, made);
  return made;
}

export function seedWebhooks() {
  const slack = webhook("Team channel", "https://hooks.slack.com/services/T024BE7LD/B08ABCDEF/xYz123456789", "slack", {
    rules: {
      on_change: true,
      every_nth_failure: 10,
      quiet_hours: { from: "22:00", to: "07:00", timezone: "Europe/Berlin", days: ["mon", "tue", "wed", "thu", "fri"] },
    },
  });
  const own = webhook("Warehouse", "https://warehouse.example.org/hooks/pytask", "generic", {
    events: ["finished", "skipped", "late"],
    rules: { on_change: false, every_nth_failure: null, quiet_hours: null },
    secret: "whsec_kept",
    failing_since: ago(2 * HOUR),
  });
  webhook("My phone", "https://ntfy.sh/pytask-3f9a1c-alerts", "ntfy", { enabled: false });
  webhook("Old chat", "https://discord.com/api/webhooks/1186012/xYzAbCdEfGh", "discord", {
    enabled: false,
    disabled_because: "The receiver answered 410: it is gone for good",
  });
  const script = [...scripts.values()].find((each) => each.name === "nightly-report") ?? [...scripts.values()][0];
  webhook("Report readers", "https://chat.example.org/api/rooms/reports/messages", "template", {
    script_id: script.id,
    events: ["finished"],
    rules: { on_change: false, every_nth_failure: null, quiet_hours: null },
    template: '{\n  "message": {{ title|tojson }}\n}',
    content_type: "application/json",
  });
  delivery(slack, "failed", "delivered", [attempt(26 * HOUR, 200, null, "ok")]);
  delivery(slack, "failed", "quiet", [], {
    created_at: ago(2 * MIN),
    next_attempt_at: new Date(Date.now() + 5 * HOUR).toISOString(),
  });
  delivery(slack, "failed", "delivered", [
    attempt(6 * HOUR, 429, null, '{"ok":false,"error":"rate_limited"}', 88),
    attempt(6 * HOUR - MIN, 200, null, "ok", 210),
  ]);
  delivery(slack, "recovered", "delivered", [attempt(4 * HOUR, 200, null, "ok")]);
  delivery(slack, "failed", "cancelled", [], { created_at: ago(3 * HOUR) });
  delivery(slack, "recovered", "delivered", [attempt(12 * MIN, 200, null, "ok", 164)]);
  delivery(own, "finished", "delivered", [attempt(3 * HOUR, 204, null, null, 31)]);
  delivery(own, "finished", "failed", [
    attempt(140 * MIN, 503, null, "<html><body><h1>503 Service Unavailable</h1></body></html>", 61),
    attempt(139 * MIN, 503, null, "<html><body><h1>503 Service Unavailable</h1></body></html>", 58),
    attempt(134 * MIN, null, "No connection: the connection was refused", null, 3),
    attempt(120 * MIN, null, "No answer within 10 s", null, 10_000),
  ]);
  delivery(
    own,
    "late",
    "pending",
    [
      attempt(9 * MIN, null, "No connection: the connection was refused", null, 3),
      attempt(7 * MIN, 503, null, "down for repair", 40),
    ],
    { next_attempt_at: new Date(Date.now() + 6 * MIN).toISOString() },
  );
  delivery(own, "finished", "pending", [], {
    created_at: ago(3 * MIN),
    next_attempt_at: new Date(Date.now() + 6 * MIN).toISOString(),
  });
}

const newest = (items) => items.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
const of = (id) => newest([...deliveries.values()].filter((each) => each.webhook_id === id));

function shown(each) {
  const { url, secret, ...rest } = each;
  const last = of(each.id).find((one) => one.attempts.length > 0);
  return {
    ...rest,
    url_shown: masked(url),
    signed: secret !== null,
    has_secret: secret !== null,
    last_delivery: last
      ? { state: last.state, at: last.attempts.at(-1).at, status: last.attempts.at(-1).status }
      : null,
  };
}

const VALUES = (event) => ({
  event,
  title: event === "failed" ? "nightly-report failed (failure 3 in a row)" : `nightly-report: ${event}`,
  summary: event === "failed" ? "exit 1: KeyError: 'total' at report.py:41" : "",
  link: null,
  failures: event === "failed" ? 3 : 0,
  "script.name": "nightly-report",
  "script.id": "018f00000001",
  "run.number": 1284,
  "run.outcome": event === "recovered" || event === "finished" ? "succeeded" : "failed",
  "run.message": "exit 1: KeyError: 'total' at report.py:41",
});

/** `{{ name }}`, names joined by ~, and the filter `tojson`: enough to see a preview and its refusals. */
function fill(template, event, refuse) {
  const values = VALUES(event);
  return template.replace(/\{\{(.*?)\}\}/gs, (_all, inside, at) => {
    const line = template.slice(0, at).split("\n").length;
    const [expression, ...filters] = inside.split("|").map((part) => part.trim());
    const parts = expression
      .replace(/^\(|\)$/g, "")
      .split("~")
      .map((part) => part.trim());
    const text = parts.map((part) => {
      if (/^".*"$/.test(part)) return part.slice(1, -1);
      if (!(part in values))
        refuse(
          422,
          "invalid_template",
          `Line ${line}: Something is used here that is not there; ask with "is defined", or give a default`,
          {
            field: "template",
            line,
          },
        );
      return values[part];
    });
    const value = text.length === 1 ? text[0] : text.join("");
    return filters.includes("tojson") ? JSON.stringify(value) : String(value);
  });
}

function rendered({ format, template, content_type }, event, refuse = () => {}) {
  const v = VALUES(event);
  const title = `${v["script.name"]}: ${event}`;
  const json = (value) => ({ content_type: "application/json", headers: {}, body: JSON.stringify(value) });
  if (format === "template") {
    const open = (template ?? "").split("{{").length !== (template ?? "").split("}}").length;
    if (open) {
      const line = template.slice(0, template.lastIndexOf("{{")).split("\n").length;
      refuse(422, "invalid_template", `Line ${line}: There is no }} to this`, {
        field: "template",
        line,
      });
    }
    return { content_type: content_type ?? "application/json", headers: {}, body: fill(template ?? "", event, refuse) };
  }
  if (format === "slack") return json({ text: `*${title}*\n${v["run.message"]}` });
  if (format === "discord") return json({ embeds: [{ title, description: v["run.message"], color: 0xd64545 }] });
  if (format === "teams")
    return json({
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          content: { type: "AdaptiveCard", body: [{ type: "TextBlock", text: title }] },
        },
      ],
    });
  if (format === "ntfy")
    return {
      content_type: "text/plain; charset=utf-8",
      headers: { title, priority: "4", tags: "rotating_light" },
      body: v["run.message"],
    };
  return json({
    type: `run.${event}`,
    timestamp: new Date().toISOString(),
    data: {
      event,
      script: { id: v["script.id"], name: v["script.name"] },
      run: { number: v["run.number"], outcome: v["run.outcome"], message: v["run.message"] },
    },
  });
}

export const webhookRoutes = ({ known, refuse, page }) => {
  const found = (id) => known(webhooks, id, "webhook");
  const check = (json) => {
    const invalid = (field, message, more = {}) => refuse(422, "invalid_field", message, { field, ...more });
    if (json.url !== undefined) {
      const { hostname } = new URL(json.url);
      if (/^(localhost|127\.|10\.|192\.168\.|169\.254\.)/.test(hostname))
        refuse(
          422,
          "address_refused",
          `${hostname} is in a private network, not on the internet. If it is meant, add it to the private targets in Settings`,
          { field: "url" },
        );
    }
    if (json.template) rendered({ format: "template", template: json.template }, "failed", refuse);
    if (json.rules?.every_nth_failure > 10_000)
      invalid("rules.every_nth_failure", "every_nth_failure must be from 1 to 10000");
  };
  const generated = (json) =>
    json.secret === "generate" ? `whsec_${"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".slice(0, 32)}` : null;
  return [
    [
      "GET",
      /^\/webhooks$/,
      ({ url }) => {
        const script = url.searchParams.get("script");
        const items = [...webhooks.values()].filter((each) => !script || each.script_id === script).map(shown);
        return { json: { items, next_cursor: null } };
      },
    ],
    [
      "POST",
      /^\/webhooks$/,
      ({ json }) => {
        check(json);
        const secret = generated(json);
        const { secret: _, ...terms } = json;
        const now = new Date().toISOString();
        const made = webhook(json.name, json.url, json.format, { ...terms, secret, created_at: now, updated_at: now });
        return { status: 201, json: { ...shown(made), secret } };
      },
    ],
    ["POST", /^\/webhooks\/preview$/, ({ json }) => ({ json: rendered(json, json.event, refuse) })],
    ["GET", /^\/webhooks\/([^/]+)$/, ({ id }) => ({ json: shown(found(id)) })],
    [
      "PATCH",
      /^\/webhooks\/([^/]+)$/,
      ({ id, json }) => {
        const each = found(id);
        check(json);
        const secret = generated(json);
        const { secret: wish, ...terms } = json;
        Object.assign(each, terms, { updated_at: new Date().toISOString() });
        if (wish !== undefined) each.secret = secret;
        return { json: { ...shown(each), secret } };
      },
    ],
    [
      "DELETE",
      /^\/webhooks\/([^/]+)$/,
      ({ id }) => {
        found(id);
        webhooks.delete(id);
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/webhooks\/([^/]+)\/test$/,
      ({ id }) => {
        const each = found(id);
        const bad = each.failing_since !== null;
        const sent = delivery(each, "test", bad ? "failed" : "delivered", [
          attempt(
            0,
            bad ? 503 : 200,
            bad ? "The receiver answered with status 503" : null,
            bad ? "down for repair" : "ok",
          ),
        ]);
        return { json: sent };
      },
    ],
    [
      "GET",
      /^\/webhooks\/([^/]+)\/deliveries$/,
      ({ id, url }) => {
        found(id);
        const state = url.searchParams.get("state");
        const items = of(id).filter((each) => !state || each.state === state);
        return {
          json: page(
            items.map((each) => ({ ...each, request: null })),
            url,
          ),
        };
      },
    ],
    ["GET", /^\/deliveries\/([^/]+)$/, ({ id }) => ({ json: known(deliveries, id, "delivery") })],
    [
      "POST",
      /^\/deliveries\/([^/]+)\/replay$/,
      ({ id }) => {
        const before = known(deliveries, id, "delivery");
        if (["pending", "delivering", "quiet"].includes(before.state))
          refuse(409, "delivery_open", "It is on its way still, and is tried by itself; wait until that is over");
        const each = found(before.webhook_id);
        const again = delivery(each, before.event, "pending", [], {
          run_id: before.run_id,
          next_attempt_at: new Date().toISOString(),
        });
        setTimeout(() => {
          const bad = each.failing_since !== null;
          again.attempts.push(attempt(0, bad ? 503 : 200, null, bad ? "down for repair" : "ok"));
          again.next_attempt_at = bad ? new Date(Date.now() + MIN).toISOString() : null;
          again.state = bad ? "pending" : "delivered";
        }, 900);
        return { status: 202, json: again };
      },
    ],
  ];
};
