// The newcomer's first quarter of an hour, in a real browser against a real product: a script is written, gets a
// package, runs while its lines arrive, and is found again. Then what happens when it fails, and when it is stopped.
import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { api, finished, fresh, openWindow, readFile, screenshot, type Window, writeFile } from "./product";

const TEN_LINES = `import sys
import time

import requests

print("requests", requests.__version__, flush=True)
for number in range(1, 11):
    stream = sys.stdout if number % 2 else sys.stderr
    print("line", number, "of 10", file=stream, flush=True)
    time.sleep(0.5)
`;

let window: Window;
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());

async function createScript(page: Page, name: string): Promise<string> {
  await page.goto("/scripts");
  await page.getByRole("button", { name: "New script" }).first().click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create" }).click();
  await page.waitForURL(/\/scripts\/[^/]+\/code/);
  const id = /\/scripts\/([^/]+)\//.exec(page.url())?.[1];
  expect(id).toBeTruthy();
  return id as string;
}

/** Replaces the open file's text the way a person would: everything selected, then pasted. */
async function writeCode(page: Page, text: string) {
  await page.locator(".monaco-editor .view-line").first().waitFor();
  await page.evaluate((code) => navigator.clipboard.writeText(code), text);
  await page.locator(".monaco-editor .view-lines").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+v");
  await expect.poll(() => page.getByTestId("save-state").textContent()).toContain("Unsaved");
}

const dock = (page: Page) => page.getByTestId("dock-run");
const dockState = (page: Page) => dock(page).getAttribute("data-state");

describe("a newcomer", () => {
  it("writes a script with a package, installs, runs it and finds it in the history", async () => {
    const { page } = window;
    const name = fresh("first");
    const scriptId = await createScript(page, name);
    await writeCode(page, TEN_LINES);
    await page.keyboard.press("Control+s");
    await page.getByText(/Saved · revision/).waitFor();
    expect(await readFile(scriptId, "main.py")).toBe(TEN_LINES);

    await page.getByRole("link", { name: "Dependencies" }).click();
    await page.getByLabel("Add a package").fill("requests");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("button", { name: "Save and install" }).click();
    const build = page.getByTestId("build");
    await build.getByTestId("log").locator("[data-stream]").first().waitFor({ timeout: 120_000 });
    await screenshot(page, "story-1-installing");
    await page.locator("[data-testid=build][data-state=finished]").waitFor({ timeout: 180_000 });
    expect(await build.getAttribute("data-outcome")).toBe("succeeded");
    await page.getByRole("row", { name: /^requests / }).waitFor();
    await page.getByText("in step").first().waitFor();
    await screenshot(page, "story-2-installed");

    await page.getByRole("link", { name: "Code" }).click();
    await page.locator(".monaco-editor .view-line").first().waitFor();
    await page.keyboard.press("Control+Enter");
    const log = page.getByTestId("log");
    await log.getByText("line 1 of 10", { exact: true }).waitFor({ timeout: 60_000 });
    // The first line is on the screen while the run goes on: it came live.
    expect(await dockState(page)).toBe("running");
    expect(await log.getByText("line 10 of 10", { exact: true }).count()).toBe(0);
    await screenshot(page, "story-3-running");
    await log.getByText("line 10 of 10", { exact: true }).waitFor({ timeout: 60_000 });
    await expect.poll(() => dockState(page), { timeout: 30_000 }).toBe("finished");
    expect(await dock(page).textContent()).toContain("Succeeded");
    for (let number = 1; number <= 10; number++)
      expect(await log.getByText(`line ${number} of 10`, { exact: true }).count()).toBe(1);
    expect(await log.locator("[data-stream=stderr]").count()).toBe(5);
    await screenshot(page, "story-4-succeeded");

    const runId = (await dock(page).getAttribute("data-run")) as string;
    await page.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name: "Runs" }).click();
    await page
      .getByRole("row", { name: new RegExp(name) })
      .first()
      .waitFor();
    await page.goto(`/runs?script=${scriptId}&kind=script`);
    await page.getByRole("link", { name }).first().click();
    await page.waitForURL(new RegExp(`/runs/${runId}`));
    await page.getByTestId("outcome").getByText("Succeeded").waitFor();
    await page.getByTestId("log").getByText("line 10 of 10", { exact: true }).waitFor();
    window.assertClean();
  });

  it("reads why a script failed", async () => {
    const { page } = window;
    const script = await api<{ id: string }>("POST", "/scripts", { name: fresh("failing") });
    await writeFile(script.id, "main.py", 'print("about to fail")\n\nraise RuntimeError("no luck")\n');
    await page.goto(`/scripts/${script.id}/code`);
    await page.locator(".monaco-editor .view-line").first().waitFor();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(() => dock(page).textContent(), { timeout: 60_000 }).toContain("Failed: exit 1");
    await page.getByRole("link", { name: /^Open Run/ }).click();
    await page.getByTestId("outcome").getByText("Failed: exit 1").waitFor();
    await page.getByText("RuntimeError: no luck").first().waitFor();
    await screenshot(page, "story-5-failed");
    window.assertClean();
  });

  it("stops a run", async () => {
    const { page } = window;
    const script = await api<{ id: string }>("POST", "/scripts", { name: fresh("endless") });
    await writeFile(
      script.id,
      "main.py",
      'import itertools\nimport time\n\nfor number in itertools.count(1):\n    print("line", number, flush=True)\n    time.sleep(0.2)\n',
    );
    const run = await api<{ id: string }>("POST", `/scripts/${script.id}/runs`, {});
    await page.goto(`/runs/${run.id}`);
    await page.getByTestId("log").locator("[data-stream=stdout]").first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByTestId("outcome").getByText("Cancelled").waitFor({ timeout: 60_000 });
    await page.getByTestId("log-end").waitFor();
    expect(await finished(run.id)).toBe("cancelled");
    await screenshot(page, "story-6-stopped");
    window.assertClean();
  });

  it("loses nothing that was typed and overwrites nobody", async () => {
    const { page } = window;
    const scriptId = await createScript(page, fresh("draft"));
    await writeCode(page, "print('typed, not saved')\n");
    await page.reload();
    await page.getByText("typed, not saved").waitFor();
    expect(await page.getByTestId("save-state").textContent()).toContain("Unsaved");
    await writeFile(scriptId, "main.py", "print('from elsewhere')\n");
    await page.locator(".monaco-editor .view-lines").click();
    await page.keyboard.press("Control+s");
    await page.getByText("was changed elsewhere").waitFor();
    await screenshot(page, "story-7-conflict");
    await page.getByRole("button", { name: "Take theirs" }).click();
    await page.getByText("from elsewhere").waitFor();
    await page.getByText(/Saved · revision/).waitFor();
  });
});
