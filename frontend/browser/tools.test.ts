// What the editor knows of Python: what is wrong while it is typed, a format, completion and signatures of the script's
// own packages, where a definition is, and the package of an import that leads nowhere. Prints how long it takes.
import { afterEach, beforeEach, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, screenshot, type Window } from "./product";

let window: Window;
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());

const since = (start: number) => Math.round(performance.now() - start);

async function code(script: string, ready = true) {
  await window.page.goto(`/scripts/${script}/code`);
  await window.page.locator(".monaco-editor .view-line").first().waitFor();
  if (ready)
    await window.page.locator("[data-testid=tools][data-state=ready]").waitFor({ state: "attached", timeout: 60_000 });
}

const problem = (text: RegExp) => window.page.getByRole("list", { name: "Problems" }).getByText(text);

async function typeAtEnd(text: string) {
  await window.page.locator(".monaco-editor .view-lines").first().click();
  await window.page.keyboard.press("Control+End");
  await window.page.keyboard.type(text);
}

it("marks what is wrong, formats, and leads to the package of a missing import", async () => {
  const { page } = window;
  const script = await newScript(fresh("tools"), { "main.py": 'import os\nimport yaml\n\nx = {"a":1}\n' });
  const start = performance.now();
  await code(script);
  console.log(`language server ready, ms: ${since(start)}`);
  await page.getByRole("tab", { name: /Problems/ }).click();
  await problem(/`os` imported but unused/).waitFor();
  await problem(/yaml/).first().waitFor();
  await screenshot(page, "tools-1-problems");

  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("Control+Shift+I");
  await page.locator(".view-lines").getByText('x = {"a": 1}').waitFor();

  await page.getByRole("button", { name: "Add pyyaml" }).click();
  await page.getByTestId("missing-module").getByText("pyyaml").first().waitFor();
  await screenshot(page, "tools-2-add-package");
  await page.keyboard.press("Escape");
  window.assertClean();
});

it("completes what the script's own packages have, shows signatures and definitions", async () => {
  const { page } = window;
  const script = await newScript(fresh("typed"), { "main.py": "import pandas as pd\n\n\n" });
  await api("PUT", `/scripts/${script}/dependencies`, { requirements: ["pandas"] });
  const { run } = await api<{ run: { id: string } }>("POST", `/scripts/${script}/dependencies/install`);
  await finished(run.id);
  await code(script);
  await typeAtEnd("pd.DataFr");
  let start = performance.now();
  await page.keyboard.press("Control+Space");
  await page.locator(".suggest-widget").getByText("DataFrame").first().waitFor();
  console.log(`completion, ms: ${since(start)}`);
  await screenshot(page, "tools-3-completion");
  await page.keyboard.press("Escape");
  start = performance.now();
  await page.keyboard.type("ame(");
  await page
    .locator(".parameter-hints-widget")
    .getByText(/columns/)
    .first()
    .waitFor();
  console.log(`signature, ms: ${since(start)}`);
  await screenshot(page, "tools-4-signature");
  await page.keyboard.press("Escape");
  await page.keyboard.type(")\npd.DataFram");
  // Enter would take what is suggested.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: /Problems/ }).click();
  await problem(/no (member|attribute) .?DataFram\b/i).waitFor();
  await screenshot(page, "tools-5-misspelt");

  await page.locator(".view-lines").getByText("pandas").first().click();
  await page.keyboard.press("F12");
  await page
    .getByTestId("source")
    .getByText(/site-packages\/pandas/)
    .waitFor();
  await screenshot(page, "tools-6-source");
  await page.getByRole("button", { name: "Close the source" }).click();
  expect(await page.getByTestId("source").count()).toBe(0);
  window.assertClean();
});
