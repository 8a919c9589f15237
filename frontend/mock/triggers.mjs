// Trigger addresses: one script has one that was used, the others have none until one is made.
import { ago, scripts } from "./data.mjs";

const HOUR = 3_600_000;
const CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const random = (length) => Array.from({ length }, () => CHARS[Math.floor(Math.random() * CHARS.length)]).join("");

/** Script id → its trigger, with the secret part of its address. */
const triggers = new Map();

const made = (rest = {}) => ({
  token: random(43),
  enabled: true,
  signed: false,
  has_secret: false,
  last_used_at: null,
  created_at: new Date().toISOString(),
  updated_at: new Date().toISOString(),
  ...rest,
});

export function seedTriggers() {
  const script = [...scripts.values()].find((each) => each.name === "nightly-report") ?? [...scripts.values()][0];
  triggers.set(script.id, made({ last_used_at: ago(3 * HOUR), created_at: ago(400 * HOUR) }));
}

const shown = ({ token, ...trigger }, told = {}) => ({
  ...trigger,
  url_path: null,
  url_shown: `/hooks/${token.slice(0, 4)}…`,
  secret: null,
  ...told,
});
const secret = () => `whsec_${random(43)}=`;

export const triggerRoutes = ({ known, refuse }) => {
  const found = (id) => {
    known(scripts, id, "script");
    return triggers.get(id) ?? refuse(404, "not_found", "This script has no trigger address.");
  };
  return [
    [
      "GET",
      /^\/scripts\/([^/]+)\/trigger$/,
      ({ id }) => {
        known(scripts, id, "script");
        const trigger = triggers.get(id);
        return trigger ? { json: shown(trigger) } : { status: 204 };
      },
    ],
    [
      "PUT",
      /^\/scripts\/([^/]+)\/trigger$/,
      ({ id, json }) => {
        known(scripts, id, "script");
        const before = triggers.get(id);
        const trigger = before ?? made();
        const { secret: wish, ...terms } = json;
        Object.assign(trigger, terms, { updated_at: new Date().toISOString() });
        const needed = wish === "generate" || (trigger.signed && !trigger.has_secret);
        trigger.has_secret ||= needed;
        triggers.set(id, trigger);
        return {
          json: shown(trigger, {
            ...(before ? {} : { url_path: `/hooks/${trigger.token}` }),
            ...(needed ? { secret: secret() } : {}),
          }),
        };
      },
    ],
    [
      "POST",
      /^\/scripts\/([^/]+)\/trigger\/rotate$/,
      ({ id, json }) => {
        const trigger = found(id);
        if (json.what === "secret") return { json: shown(trigger, { secret: secret() }) };
        trigger.token = random(43);
        trigger.last_used_at = null;
        return { json: shown(trigger, { url_path: `/hooks/${trigger.token}` }) };
      },
    ],
    [
      "DELETE",
      /^\/scripts\/([^/]+)\/trigger$/,
      ({ id }) => {
        found(id);
        triggers.delete(id);
        return { status: 204 };
      },
    ],
  ];
};
