// Another Python is added in Settings, watched until it is there, chosen by a script, and removed again. The base image
// is on this machine already or can be pulled.
import { afterEach, beforeEach, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, type Window } from "./product";

const BASE = "python:3.11-slim-bookworm";
const WATCHED_MS = 180_000;

let window: Window;
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());

it("adds another Python, runs a script in it, and removes it", { timeout: 2 * WATCHED_MS }, async () => {
  const { page } = window;
  const name = fresh("old-python");
  await page.goto("/settings/images");
  const images = page.locator("#images");
  await images.getByText("Python 3.13").waitFor();
  await images.getByRole("button", { name: "Add image" }).click();
  await page.getByRole("textbox", { name: "Image" }).fill(BASE);
  await page.getByRole("textbox", { name: "System packages" }).fill("-y");
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText('"-y" is not the name of a Debian package').waitFor();
  await page.getByRole("textbox", { name: "System packages" }).fill("");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const row = images.getByRole("listitem").filter({ hasText: name });
  await row.getByText(/Preparing|Ready/).waitFor();
  await screenshot(page, "images-1-preparing");
  await row.getByText("Ready").waitFor({ timeout: WATCHED_MS });
  await row.getByText(/Python 3\.11/).waitFor();
  await screenshot(page, "images-2-ready");

  const script = await newScript(fresh("older"), { "main.py": "import sys\n\nprint(*sys.version_info[:2])\n" });
  await page.goto(`/scripts/${script}/settings`);
  await page.locator("#image").getByRole("combobox", { name: "Image" }).click();
  await page.getByRole("option", { name: new RegExp(name) }).click();
  await page.locator("#image").getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await screenshot(page, "images-3-chosen");
  const run = await runOf(script);
  expect(await finished(run)).toBe("succeeded");
  await page.goto(`/runs/${run}`);
  await page.getByText("3 11").waitFor();

  // What a script names stays.
  const remove = async () => {
    await page.goto("/settings/images");
    await row.getByRole("button", { name: `What to do with ${name}` }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
  };
  await remove();
  await images.getByText(/Scripts use this image/).waitFor();
  await screenshot(page, "images-4-refused");
  await api("PATCH", `/scripts/${script}`, { image: null });
  await remove();
  await row.waitFor({ state: "detached" });
  window.assertClean(/status of (422|409)/);
});
