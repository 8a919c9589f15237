// Settings are changed in the page, survive a reload, reach scripts, are refused at their field, and go back.
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, type Window } from "./product";

interface Settings {
  set: { default_limits?: object; max_runs?: number | null; min_free_bytes?: number | null };
}

let window: Window;
const before = await api<Settings>("GET", "/settings");
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());
afterAll(() =>
  api("PATCH", "/settings", {
    default_limits: before.set.default_limits ?? {},
    max_runs: before.set.max_runs ?? null,
    min_free_bytes: before.set.min_free_bytes ?? null,
  }),
);

it("keeps a changed default over a reload and gives it to scripts", async () => {
  const { page } = window;
  await page.goto("/settings/general");
  const limits = page.locator("#limits");
  const processes = limits.getByRole("textbox", { name: "Processes" });
  await processes.fill("77");
  await limits.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await expect.poll(() => processes.inputValue()).toBe("77");
  await screenshot(page, "settings-1-changed");

  const script = await newScript(fresh("defaults"), { "main.py": "print(1)\n" });
  await page.goto(`/scripts/${script}/settings`);
  await expect.poll(() => page.getByRole("textbox", { name: "Processes" }).getAttribute("placeholder")).toBe("77");
  const run = await runOf(script);
  await finished(run);
  expect((await api<{ limits: { pids: number } }>("GET", `/runs/${run}`)).limits.pids).toBe(77);

  await page.goto("/settings/general");
  await limits.getByRole("button", { name: "Processes: back to the default" }).click();
  await limits.getByRole("button", { name: "Save" }).click();
  await expect
    .poll(async () => (await api<Settings>("GET", "/settings")).set.default_limits ?? {})
    .not.toHaveProperty("pids");
  window.assertClean();
});

it("shows a refusal at its field and changes nothing", async () => {
  const { page } = window;
  await page.goto("/settings/general");
  const limits = page.locator("#limits");
  const memory = limits.getByRole("textbox", { name: "Memory" });
  await memory.fill("1 MiB");
  await limits.getByRole("button", { name: "Save" }).click();
  await limits.getByText(/^Memory must be from 16 MiB/).waitFor();
  expect(await memory.getAttribute("aria-invalid")).toBe("true");
  expect(await memory.evaluate((element) => element === document.activeElement)).toBe(true);
  await screenshot(page, "settings-2-refused");
  window.assertClean(/status of 422/);
});

it("changes how many run at once", async () => {
  const { page } = window;
  await page.goto("/settings/general");
  const queue = page.locator("#queue");
  await queue.getByRole("textbox", { name: "Runs at once" }).fill("3");
  await queue.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await expect.poll(() => queue.getByRole("textbox", { name: "Runs at once" }).inputValue()).toBe("3");
  window.assertClean();
});

it("says why a run waits and takes it out of the queue", async () => {
  const { page } = window;
  const script = await newScript(fresh("queue"), { "main.py": "import time\n\ntime.sleep(120)\n" });
  await page.goto(`/scripts/${script}/settings`);
  await page.getByRole("radio", { name: "Wait" }).waitFor();
  expect(await page.getByRole("radio", { name: "Wait" }).isChecked()).toBe(true);
  const first = await runOf(script);
  const second = await runOf(script);
  await page.goto(`/runs/${second}`);
  const waiting = page.getByTestId("waiting");
  await waiting.getByText("Waits for another run of this script").waitFor();
  await screenshot(page, "settings-3-waiting");
  await page.goto("/");
  await page
    .getByTestId("queue")
    .getByText(/has to finish first/)
    .first()
    .waitFor();
  await page.goto(`/runs/${second}`);
  await waiting.getByRole("button", { name: "Take out of the queue" }).click();
  await page.getByTestId("outcome").getByText("Cancelled").waitFor();
  await api("POST", `/runs/${first}/cancel`, {});
  await finished(first);
  window.assertClean();
});
