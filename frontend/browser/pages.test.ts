// Every page in dark, light and phone width: it comes up clean, and leaves a picture for a person to look at.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, finished, fresh, openWindow, screenshot, type Theme, type Window, writeFile } from "./product";

interface Place {
  name: string;
  path: () => string;
  /** Visible once the page shows its own content. */
  ready: string;
}

let scriptId = "";
let runId = "";
let otherId = "";

beforeAll(async () => {
  const script = await api<{ id: string }>("POST", "/scripts", {
    name: fresh("gallery"),
    description: "Prints to both streams, for the pictures",
    tags: ["pictures"],
  });
  scriptId = script.id;
  await writeFile(
    scriptId,
    "main.py",
    `import sys\n\nfor number in range(1, 21):\n    stream = sys.stderr if number % 5 == 0 else sys.stdout\n    print(f"\\033[36mline\\033[0m {number} of 20", file=stream, flush=True)\n`,
  );
  const run = await api<{ id: string }>("POST", `/scripts/${scriptId}/runs`, {});
  runId = run.id;
  await finished(runId);
  otherId = (await api<{ id: string }>("POST", `/scripts/${scriptId}/runs`, { args: ["--again"] })).id;
  await finished(otherId);
}, 180_000);

const PLACES: Place[] = [
  { name: "dashboard", path: () => "/", ready: "text=Recent runs" },
  { name: "scripts", path: () => "/scripts", ready: "table" },
  {
    name: "script-code",
    path: () => `/scripts/${scriptId}/code`,
    ready: ".monaco-editor .view-line span[class^=mtk]:not(.mtk1)",
  },
  { name: "script-dependencies", path: () => `/scripts/${scriptId}/dependencies`, ready: "text=Asked for" },
  { name: "script-runs", path: () => `/scripts/${scriptId}/runs`, ready: "table" },
  { name: "script-settings", path: () => `/scripts/${scriptId}/settings`, ready: "text=Limits of a run" },
  { name: "run", path: () => `/runs/${runId}`, ready: "[data-testid=log-end]" },
  { name: "run-resources", path: () => `/runs/${runId}?tab=resources`, ready: "text=Peak memory" },
  { name: "run-artifacts", path: () => `/runs/${runId}?tab=artifacts`, ready: "text=It left no files" },
  { name: "run-details", path: () => `/runs/${runId}?tab=details`, ready: "text=Limits it had" },
  { name: "runs", path: () => "/runs", ready: "table" },
  { name: "runs-filtered", path: () => "/runs?outcome=succeeded,failed&last=30d&longer_than=0.001", ready: "table" },
  { name: "runs-none", path: () => "/runs?q=no-such-script&outcome=lost", ready: "text=No run fits" },
  { name: "search-logs", path: () => "/runs?mode=logs", ready: "text=Find a line" },
  {
    name: "search-logs-found",
    path: () => `/runs?mode=logs&script=${scriptId}&text=line`,
    ready: "[data-testid=search-progress][data-state=done]",
  },
  { name: "compare", path: () => `/runs/compare?a=${runId}&b=${otherId}`, ready: "[data-testid=compare-facts]" },
  { name: "scheduler", path: () => "/scheduler", ready: "text=New schedule" },
  { name: "scheduler-calendar", path: () => "/scheduler?view=calendar", ready: "[data-testid=calendar]" },
  { name: "scheduler-what-if", path: () => "/scheduler?view=what-if", ready: "text=Simulate" },
  { name: "script-schedules", path: () => `/scripts/${scriptId}/schedules`, ready: "text=Add schedule" },
  { name: "settings", path: () => "/settings", ready: "text=Default limits of a run" },
  { name: "settings-packages", path: () => "/settings/packages", ready: "text=Denied packages" },
  { name: "settings-retention", path: () => "/settings#retention", ready: "[data-testid=removal-preview] p" },
  { name: "settings-appearance", path: () => "/settings/appearance", ready: "text=Theme" },
  { name: "settings-system", path: () => "/settings/system", ready: "text=Docker engine" },
];

const LOOKS: { look: string; theme: Theme; width: number; height: number }[] = [
  { look: "dark", theme: "dark", width: 1360, height: 860 },
  { look: "light", theme: "light", width: 1360, height: 860 },
  { look: "phone", theme: "dark", width: 390, height: 844 },
];

describe.each(LOOKS)("pages, $look", ({ look, theme, width, height }) => {
  let window: Window;
  beforeAll(async () => {
    window = await openWindow({ theme, width, height });
  });
  afterAll(() => window.close());

  it.each(PLACES)("$name", async ({ name, path, ready }) => {
    const { page } = window;
    await page.goto(path());
    await page.locator(ready).first().waitFor();
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    await page.getByTestId("engine").waitFor();
    await screenshot(page, `${name}-${look}`);
    // The page itself never scrolls sideways; tables and logs do that inside.
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(sideways).toBe(0);
    window.assertClean();
  });
});
