// The connection to the server goes away in the middle of a run and comes back: the page says so, and afterwards
// shows every line once, without a reload.
import type { WebSocketRoute } from "playwright-core";
import { expect, it } from "vitest";
import { api, fresh, openWindow, screenshot, writeFile } from "./product";

const LINES = 24;

it("loses the connection during a run and catches up", async () => {
  const script = await api<{ id: string }>("POST", "/scripts", { name: fresh("cut") });
  await writeFile(
    script.id,
    "main.py",
    `import time\n\nfor number in range(1, ${LINES} + 1):\n    print("line", number, "of ${LINES}", flush=True)\n    time.sleep(0.35)\n`,
  );
  const window = await openWindow();
  const { page } = window;
  let away = false;
  const sockets: { client: WebSocketRoute; server: WebSocketRoute }[] = [];
  await page.routeWebSocket(/\/api\/v1\//, (client) => {
    if (away) void client.close({ code: 1012 });
    else sockets.push({ client, server: client.connectToServer() });
  });

  const run = await api<{ id: string }>("POST", `/scripts/${script.id}/runs`, {});
  await page.goto(`/runs/${run.id}`);
  const log = page.getByTestId("log");
  const line = (number: number) => log.getByText(`line ${number} of ${LINES}`, { exact: true });
  await line(4).waitFor({ timeout: 60_000 });

  away = true;
  for (const { client, server } of sockets.splice(0)) {
    await client.close({ code: 1012 });
    await server.close({ code: 1000 });
  }
  await page.getByTestId("offline").waitFor();
  await screenshot(page, "story-8-offline");
  away = false;
  await page.getByTestId("offline").waitFor({ state: "hidden" });

  await page.getByTestId("log-end").waitFor({ timeout: 60_000 });
  await page.getByTestId("outcome").getByText("Succeeded").waitFor();
  for (let number = 1; number <= LINES; number++) expect(await line(number).count(), `line ${number}`).toBe(1);
  await window.close();
});
