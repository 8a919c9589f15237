// The list of scripts against the real product: templates, import by choosing and by dropping, search in code, filters in
// the address, tags, acts on many, copies, names, the trash and back, an archive; and five hundred of them, timed.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { api, fresh, newScript, openWindow, screenshot, type Window } from "./product";

interface Scripts {
  items: { id: string; name: string; tags: string[]; paused: boolean }[];
}

let window: Window;
let page: Page;
beforeEach(async () => {
  window = await openWindow();
  page = window.page;
});
afterEach(() => window.close());

const row = (name: string): Locator => page.getByRole("row").filter({ hasText: name });
const scripts = async (query: string) => (await api<Scripts>("GET", `/scripts?${query}`)).items;
async function search(text: string) {
  await page.getByRole("searchbox", { name: "Search scripts" }).fill(text);
}
async function menu(name: string, item: string | RegExp) {
  await page.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

it("begins from a template and from a file, and refuses what is none", async () => {
  const name = fresh("from-template");
  await page.goto("/scripts");
  await page.getByRole("button", { name: "New script" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("From a template").click();
  await dialog.getByRole("radiogroup", { name: "Template" }).getByRole("radio").nth(1).click();
  await screenshot(page, "scripts-1-templates");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.waitForURL(/\/scripts\/[0-9a-f]+/);
  expect(await scripts(`q=${name}`)).toHaveLength(1);

  const folder = mkdtempSync(join(tmpdir(), "import-"));
  const imported = fresh("imported");
  writeFileSync(join(folder, `${imported}.py`), 'print("imported")\n');
  writeFileSync(join(folder, "broken.zip"), "this is no archive");
  await page.goto("/scripts?new=import");
  const input = page.getByTestId("import-files");
  await input.setInputFiles(join(folder, `${imported}.py`));
  await page.getByRole("link", { name: `Open ${imported}` }).waitFor();
  await input.setInputFiles(join(folder, "broken.zip"));
  await page
    .getByRole("list", { name: "Imports" })
    .getByText(/archive|zip/i)
    .last()
    .waitFor();
  await screenshot(page, "scripts-2-imports");
  expect(await scripts(`q=${imported}`)).toHaveLength(1);
  window.assertClean(/status of 4/);
});

it("finds by words and by code, and keeps filters in the address", async () => {
  const word = fresh("needle");
  const name = fresh("finder");
  const script = await newScript(name, { "main.py": `x = "${word}"\n` }, { tags: ["browser-test"] });
  await page.goto("/scripts");
  await search(name);
  await row(name).first().waitFor();
  await search(word);
  const found = page.getByRole("link", { name: /main\.py:1/ }).first();
  await found.waitFor();
  await screenshot(page, "scripts-3-code");
  await found.click();
  await page.waitForURL(new RegExp(`/scripts/${script}/code.*line=1`));
  await page.goto('/scripts?tags=["browser-test"]');
  await row(name).waitFor();
  await page.goto("/scripts?paused=true");
  await page.getByRole("table", { name: "Scripts" }).or(page.getByText("No script fits")).first().waitFor();
  expect(await row(name).count()).toBe(0);
  window.assertClean();
});

it("copies, renames, tags, pauses and runs, one and many, and brings back what was thrown away", async () => {
  const stem = fresh("many");
  for (const letter of ["a", "b"]) await newScript(`${stem}-${letter}`, { "main.py": "print(1)\n" });
  await page.goto(`/scripts?q=${stem}`);
  await menu(`${stem}-a`, "Duplicate…");
  await page.getByLabel("Name of the copy").fill(`${stem}-c`);
  await page.getByRole("dialog").getByRole("button", { name: "Duplicate" }).click();
  await expect.poll(async () => (await scripts(`q=${stem}`)).length).toBe(3);
  await page.goto(`/scripts?q=${stem}`);
  await menu(`${stem}-c`, "Rename…");
  await page.getByRole("dialog").getByLabel("Name").fill(`${stem}-renamed`);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await row(`${stem}-renamed`).waitFor();

  await page.getByRole("checkbox", { name: /Choose all/ }).click();
  const bar = page.getByRole("region", { name: "Chosen scripts" });
  await bar.getByText("3 chosen").waitFor();
  await bar.getByRole("button", { name: "Tags…" }).click();
  await page.getByLabel("Find or create a tag").fill("from-browser");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect
    .poll(async () => (await scripts(`q=${stem}`)).every((one) => one.tags.includes("from-browser")))
    .toBe(true);
  await screenshot(page, "scripts-4-bulk");
  await bar.getByRole("button", { name: "Run", exact: true }).click();
  await expect
    .poll(async () => (await api<{ items: unknown[] }>("GET", `/runs?q=${stem}&outcome=succeeded`)).items.length, {
      timeout: 60_000,
    })
    .toBe(3);
  await bar.getByRole("button", { name: "Pause" }).click();
  await expect.poll(async () => (await scripts(`q=${stem}`)).every((one) => one.paused)).toBe(true);
  await expect
    .poll(
      async () => {
        await bar.getByRole("button", { name: "Move to trash" }).click();
        return (await scripts(`q=${stem}`)).length;
      },
      { timeout: 60_000, interval: 2000 },
    )
    .toBe(0);

  await page.goto("/scripts?trash=true");
  await page.getByText(`${stem}-a`).first().waitFor();
  await screenshot(page, "scripts-5-trash");
  await page.getByRole("button", { name: `Restore ${stem}-a` }).click();
  await expect.poll(async () => (await scripts(`q=${stem}`)).map((one) => one.name)).toEqual([`${stem}-a`]);
  await page.getByRole("button", { name: `Delete ${stem}-b for good` }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Delete/ })
    .click();
  await expect.poll(async () => (await scripts(`q=${stem}-b&trashed=true`)).length).toBe(0);

  const [kept] = await scripts(`q=${stem}-a`);
  const archive = await page.request.get(`/api/v1/scripts/${kept?.id}/archive?format=zip`);
  expect([archive.status(), (await archive.body()).subarray(0, 2).toString()]).toEqual([200, "PK"]);
  window.assertClean(/status of 409/);
});

it("stays quick with five hundred", async () => {
  const stem = fresh("crowd");
  const begun = performance.now();
  for (let first = 0; first < 500; first += 10)
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        api("POST", "/scripts", { name: `${stem}-${first + index}`, tags: [`${stem}-${index % 3}`] }),
      ),
    );
  console.log(`500 scripts made, ms: ${Math.round(performance.now() - begun)}`);
  let start = performance.now();
  await page.goto("/scripts");
  await row(stem).first().waitFor();
  console.log(`list shown, ms: ${Math.round(performance.now() - start)}`);
  await expect
    .poll(() => page.getByRole("table", { name: "Scripts" }).getAttribute("aria-rowcount"))
    .toMatch(/^[5-9]\d\d$/);
  start = performance.now();
  await search(`${stem}-499`);
  await row(`${stem}-499`).waitFor();
  await expect.poll(() => row(stem).count(), { interval: 10 }).toBe(1);
  console.log(`searched, ms: ${Math.round(performance.now() - start)}`);
  await search("");
  await row(stem).first().waitFor();
  await screenshot(page, "scripts-6-five-hundred");
  const { items } = await api<Scripts>("GET", `/scripts?q=${stem}&limit=500`);
  start = performance.now();
  await api("POST", "/scripts/bulk", { ids: items.map((one) => one.id), action: { kind: "delete" } });
  console.log(`500 moved to the trash, ms: ${Math.round(performance.now() - start)}`);
  window.assertClean();
});
