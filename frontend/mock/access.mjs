// Access tokens and signing in. `POST /mock/access/asked` makes everything but signing in answer 401 until somebody does
// (with any text that begins with "pytask_"); `POST /mock/access/open` ends that.
import { ago, newId } from "./data.mjs";

const DAY = 86_400_000;
const CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const random = (length) => Array.from({ length }, () => CHARS[Math.floor(Math.random() * CHARS.length)]).join("");
const ahead = (ms) => new Date(Date.now() + ms).toISOString();

const tokens = new Map();
const add = (name, rest = {}) => {
  const token = {
    id: newId(),
    name,
    scope: "full",
    hint: random(4),
    created_at: ago(40 * DAY),
    last_used_at: null,
    expires_at: null,
    ...rest,
  };
  tokens.set(token.id, token);
  return token;
};
add("laptop", { last_used_at: ago(DAY / 8), expires_at: ahead(50 * DAY) });
add("deploy job", { last_used_at: ago(2 * DAY), expires_at: ahead(4 * DAY) });
add("wall display", { scope: "read", last_used_at: ago(60_000) });
add("old phone", { created_at: ago(100 * DAY), expires_at: ago(10 * DAY) });

const shown = (token) => ({
  ...token,
  expired: token.expires_at !== null && token.expires_at < new Date().toISOString(),
});

let asked = false;
let known = null;

/** Nobody is let in who has not signed in. */
export const isLocked = (path) => asked && known === null && path !== "/session" && !path.startsWith("/mock/");

const session = () => ({
  token_required: asked,
  has_tokens: tokens.size > 0,
  who: known
    ? { kind: "browser", scope: known.scope, token_id: known.id, name: known.name, expires_at: known.expires_at }
    : asked
      ? null
      : { kind: "anybody", scope: "full", token_id: null, name: null, expires_at: null },
});

export const accessRoutes = ({ known: found, refuse }) => [
  ["GET", /^\/tokens$/, () => ({ json: { items: [...tokens.values()].map(shown) } })],
  [
    "POST",
    /^\/tokens$/,
    ({ json }) => {
      if ([...tokens.values()].some((each) => each.name.toLowerCase() === json.name.toLowerCase()))
        refuse(409, "name_taken", `There is a token “${json.name}” already.`, { field: "name" });
      const token = random(43);
      const made = add(json.name, { ...json, hint: token.slice(0, 4), created_at: new Date().toISOString() });
      return { status: 201, json: { ...shown(made), token: `pytask_${token}` } };
    },
  ],
  [
    "DELETE",
    /^\/tokens\/([^/]+)$/,
    ({ id }) => {
      found(tokens, id, "token");
      tokens.delete(id);
      if (known?.id === id) known = null;
      return { status: 204 };
    },
  ],
  ["GET", /^\/session$/, () => ({ json: session() })],
  [
    "POST",
    /^\/session$/,
    ({ json }) => {
      if (!json.token.startsWith("pytask_")) refuse(401, "wrong_token", "There is no such access token.");
      known = [...tokens.values()][0];
      return { json: session() };
    },
  ],
  [
    "DELETE",
    /^\/session$/,
    () => {
      known = null;
      return { status: 204 };
    },
  ],
  [
    "POST",
    /^\/mock\/access\/(asked|open)$/,
    ({ id }) => {
      asked = id === "asked";
      known = null;
      return { json: session() };
    },
  ],
];
