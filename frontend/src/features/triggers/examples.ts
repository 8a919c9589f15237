// Calls of an address as they are typed into a shell, and what the script makes of them. Pure.

/** A word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Starts a run. */
export const plainCall = (address: string): string => `curl -X POST ${quoted(address)}`;

/** Starts a run that gets a body. */
export const callWithBody = (address: string): string =>
  `curl -X POST ${quoted(address)} \\\n  -H 'Content-Type: application/json' \\\n  -d '{"branch": "main"}'`;

/** The same with a signature by Standard Webhooks, by its own library. */
export const signedCall = (address: string): string =>
  `import json, uuid
from datetime import datetime, timezone

import requests                              # pip install requests standardwebhooks
from standardwebhooks import Webhook

body = json.dumps({"branch": "main"})
id, now = f"msg_{uuid.uuid4().hex}", datetime.now(timezone.utc)
answer = requests.post(
    ${JSON.stringify(address)},
    data=body,
    headers={
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook("whsec_…").sign(id, now, body),
    },
)
print(answer.json()["run_id"])`;

/** In the script: reads what the call brought. */
export const READ_BODY = `import json, os

path = os.environ.get("PYTASK_TRIGGER_BODY")
if path:
    with open(path, encoding="utf-8") as file:
        print(json.load(file)["branch"])`;

/** The whole address; what is secret in it is left out where it is not known any more. */
export const addressOf = (origin: string, path: string | null, shown: string): string => `${origin}${path ?? shown}`;
