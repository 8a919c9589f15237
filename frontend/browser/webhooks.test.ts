// A webhook is refused where it may not go, allowed, added, tried, told of a failure, looked into, replayed and deleted;
// and a script gets an address at which a call starts it.
//
// The receiver is a server of this test. The product reaches it by the address that this machine has for it: the
// loopback where the product runs beside the test, otherwise RECEIVER_HOST, such as the gateway of the engine's bridge.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, URL_OF_PRODUCT, type Window } from "./product";

const HOST = process.env.RECEIVER_HOST ?? "127.0.0.1";
const HOSTILE = "<b id=planted>thank you</b>";

interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface Settings {
  set: { notifications?: { private_targets?: string[] | null } };
}

const received: Received[] = [];
let receiver: Server;
let address = "";
let window: Window;
const before = (await api<Settings>("GET", "/settings")).set.notifications?.private_targets ?? null;

const eventsAt = (path: string) =>
  received.filter((each) => each.path === path).map((each) => (JSON.parse(each.body) as { type: string }).type);

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(200, { "content-type": "text/html" }).end(HOSTILE);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "0.0.0.0", resolve));
  address = `http://${HOST}:${(receiver.address() as AddressInfo).port}`;
  await api("PATCH", "/settings", { notifications: { private_targets: [] } });
});
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());
afterAll(async () => {
  const { items } = await api<{ items: { id: string; url_shown: string }[] }>("GET", "/webhooks");
  for (const each of items) if (each.url_shown.startsWith(address)) await api("DELETE", `/webhooks/${each.id}`);
  await api("PATCH", "/settings", { notifications: { private_targets: before } });
  receiver.close();
});

it("adds a webhook where it may go, and shows what became of every message", async () => {
  const { page } = window;
  const name = fresh("receiver");
  const path = `/${name}`;
  await page.goto("/settings/notifications");
  const panel = page.locator("#webhooks");
  await panel.getByRole("button", { name: "Add webhook" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("textbox", { name: "Address" }).fill(address + path);
  await dialog.getByRole("checkbox", { name: "Sign every message" }).check();
  await dialog.getByRole("button", { name: "Show an example" }).click();
  await dialog.getByRole("region", { name: "Body" }).getByText("run.failed").waitFor();
  await dialog.getByRole("button", { name: "Add webhook" }).click();
  await dialog.getByText(/not on the internet/).waitFor();
  await screenshot(page, "webhooks-1-refused");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.getByText("What you typed is not saved.").waitFor();
  // Allowed meanwhile, as in another window; what was typed is still there.
  await api("PATCH", "/settings", { notifications: { private_targets: [HOST] } });
  await dialog.getByRole("button", { name: "Go on editing" }).click();
  await dialog.getByRole("button", { name: "Add webhook" }).click();
  await dialog.getByText("The signing secret is shown now and never again").waitFor();
  await dialog.getByText(/^whsec_/).waitFor();
  await screenshot(page, "webhooks-2-secret");
  await dialog.getByRole("button", { name: "I have it" }).click();

  const row = panel.getByRole("listitem").filter({ hasText: name });
  await row.getByRole("button", { name: `Send a test to ${name}` }).click();
  await row.getByText("The test arrived.").waitFor();
  await row.getByText(HOSTILE).waitFor();
  expect(await page.locator("#planted").count()).toBe(0);
  expect(eventsAt(path)).toEqual(["run.test"]);
  expect(received.at(-1)?.headers["webhook-signature"]).toMatch(/^v1,/);
  await screenshot(page, "webhooks-3-tested");

  const script = await newScript(fresh("told-of"), { "main.py": "raise SystemExit(3)\n" });
  expect(await finished(await runOf(script))).toBe("failed");
  await expect.poll(() => eventsAt(path), { timeout: 30_000 }).toEqual(["run.test", "run.failed"]);

  await row.getByRole("link", { name }).click();
  const deliveries = page.getByRole("list", { name: "Deliveries" });
  const failed = deliveries.getByRole("listitem").filter({ hasText: "Failed" }).first();
  await failed.getByText("Delivered").waitFor();
  await failed.getByRole("button", { expanded: false }).click();
  await failed.getByRole("region", { name: "Request" }).getByText("webhook-id").waitFor();
  await failed.getByRole("region", { name: "Answer to attempt 1" }).getByText(HOSTILE).waitFor();
  await failed.getByRole("link", { name: /^Run \d+ of / }).waitFor();
  expect(page.url()).toContain("delivery=");
  await screenshot(page, "webhooks-4-delivery");
  await failed.getByRole("button", { name: "Send again" }).click();
  await expect.poll(() => eventsAt(path), { timeout: 30_000 }).toEqual(["run.test", "run.failed", "run.failed"]);
  const ids = received.filter((each) => each.path === path).map((each) => each.headers["webhook-id"]);
  expect(ids[2]).toBe(ids[1]);

  await page.goto("/settings/notifications");
  await row.getByRole("switch", { name: `${name} is told` }).click();
  await row.getByText("Off", { exact: true }).waitFor();
  await row.getByRole("button", { name: `What to do with ${name}` }).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
  window.assertClean(/status of 422/);
});

it("points at what is wrong with a template, and shows what it makes", async () => {
  const { page } = window;
  const script = await newScript(fresh("templated"), { "main.py": "print(1)\n" });
  await page.goto(`/scripts/${script}/settings`);
  await page.locator("#notifications").getByRole("button", { name: "Add webhook" }).click();
  const dialog = page.getByRole("dialog");
  // The word of the choice: its radio button is seen by nobody.
  await dialog.getByText("Own template", { exact: true }).click();
  const template = dialog.getByRole("textbox", { name: "Template" });
  await template.fill('{\n  "text": {{ titel|tojson }}\n}');
  await dialog.getByRole("button", { name: /^Line 2/ }).click();
  await screenshot(page, "webhooks-5-template");
  await template.fill('{"said": {{ title|tojson }}}');
  await dialog.getByRole("region", { name: "Body" }).getByText('"said"').waitFor();
  window.assertClean(/status of 422/);
});

it("makes an address that starts the script, and a new one in its place", async () => {
  const { page } = window;
  const script = await newScript(fresh("called"), {
    "main.py": 'import os\n\nprint(open(os.environ["PYTASK_TRIGGER_BODY"]).read())\n',
  });
  await page.goto(`/scripts/${script}/settings`);
  const panel = page.locator("#trigger");
  const told = panel.getByText(/^https?:\/\/.*\/hooks\//);
  await panel.getByRole("button", { name: "Make an address" }).click();
  await panel.getByText("The address is shown now and never again").waitFor();
  const first = new URL((await told.first().textContent()) ?? "").pathname;
  await screenshot(page, "webhooks-6-address");
  const call = async (path: string) =>
    fetch(URL_OF_PRODUCT + path, { method: "POST", headers: { "content-type": "text/plain" }, body: "from elsewhere" });
  const answer = await call(first);
  expect(answer.status).toBe(202);
  const { run_id } = (await answer.json()) as { run_id: string };
  expect(await finished(run_id)).toBe("succeeded");

  await panel.getByRole("button", { name: "New address…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make a new one" }).click();
  await expect.poll(async () => new URL((await told.first().textContent()) ?? "").pathname).not.toBe(first);
  expect((await call(first)).status).toBe(404);
  await page.reload();
  await panel.getByText("Last used").waitFor();
  await panel.getByRole("button", { name: "Remove…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await panel.getByRole("button", { name: "Make an address" }).waitFor();
  await page.goto(`/runs/${run_id}`);
  await page.getByText("from elsewhere").waitFor();
  window.assertClean();
});
