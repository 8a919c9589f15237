// Variables and secrets, as the controller answers them: the mock keeps no secret, only that there is one.
const at = "2026-11-02T09:30:00Z";
const variable = (name, value, description, more = {}) => ({
  name,
  value,
  secret: value === null,
  description,
  updated_at: at,
  masked: value === null,
  to_be_entered: false,
  trouble: null,
  ...more,
});

const globals = [
  variable("HTTPS_PROXY", "http://proxy.example:3128", "The way out of this network"),
  variable("REGION", "eu-west-1", "Where the buckets are"),
  variable("SMTP_PASSWORD", null, "Of reports@example.com"),
];
const ofScripts = new Map();
let key = { id: "9f31c0de", created_at: at, location: "volume", trouble: null };

const seed = () => [
  variable("API_TOKEN", null, "Read-only token of the shop"),
  variable("PIN", null, "For the old printer", { masked: false }),
  variable("REGION", "us-east-1", "This one runs elsewhere"),
  variable("SFTP_KEY", null, "Came with the import", {
    masked: false,
    to_be_entered: true,
    trouble: "the secret SFTP_KEY has no value yet; enter it in the script's settings",
  }),
];

const listOf = (id, scripts) => {
  if (!ofScripts.has(id)) ofScripts.set(id, [...scripts.keys()][0] === id ? seed() : []);
  return ofScripts.get(id);
};

function replace(stored, wishes, refuse) {
  const next = wishes.map((wish) => {
    const there = stored.find((each) => each.name === wish.name);
    if (/^(PYTASK_|PATH$)/.test(wish.name))
      refuse(422, "invalid_field", `${wish.name} is reserved`, { field: "items", name: wish.name });
    if (wish.secret && wish.value === undefined) {
      if (!there) refuse(422, "invalid_field", `${wish.name} needs a value`, { field: "items", name: wish.name });
      return { ...there, secret: true, value: null, description: wish.description };
    }
    const value = wish.secret ? null : wish.value;
    return variable(wish.name, value, wish.description, {
      masked: wish.secret && wish.value.trim().length >= 6,
      updated_at: new Date().toISOString(),
    });
  });
  next.sort((a, b) => (a.name < b.name ? -1 : 1));
  stored.splice(0, stored.length, ...next);
}

const ofScript = (items) => ({
  items,
  inherited: globals.map((each) => ({ ...each, overridden: items.some(({ name }) => name === each.name) })),
});

export const variableRoutes = ({ known, refuse, scripts }) => [
  ["GET", /^\/variables$/, () => ({ json: { items: globals } })],
  [
    "PUT",
    /^\/variables$/,
    ({ json }) => {
      replace(globals, json.items, refuse);
      return { json: { items: globals } };
    },
  ],
  [
    "GET",
    /^\/scripts\/([^/]+)\/variables$/,
    ({ id }) => {
      known(scripts, id, "script");
      return { json: ofScript(listOf(id, scripts)) };
    },
  ],
  [
    "PUT",
    /^\/scripts\/([^/]+)\/variables$/,
    ({ id, json }) => {
      known(scripts, id, "script");
      replace(listOf(id, scripts), json.items, refuse);
      return { json: ofScript(listOf(id, scripts)) };
    },
  ],
  ["GET", /^\/system\/key$/, () => ({ json: key })],
  [
    "POST",
    /^\/system\/rotate-key$/,
    () => {
      key = { ...key, id: "5be2a771", created_at: new Date().toISOString() };
      return { json: { resealed: 4, unreadable: 0 } };
    },
  ],
];
