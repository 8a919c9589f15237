// A schedule is added with a live preview, refused where it cannot be read, fires, is paused with all others, run by
// hand, shown in the calendar, and deleted; and a crontab is taken over.
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { api, fresh, newScript, openWindow, screenshot, type Window } from "./product";

interface Schedules {
  items: { id: string; script_name: string; enabled: boolean; last: { outcome_kind: string | null } | null }[];
}

let window: Window;
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());
afterAll(async () => {
  await api("PATCH", "/settings", { schedules_paused: false });
  for (const { id } of (await api<Schedules>("GET", "/schedules")).items) await api("DELETE", `/schedules/${id}`);
});

const schedulesOf = async (name: string) =>
  (await api<Schedules>("GET", `/schedules?q=${encodeURIComponent(name)}`)).items;

it("adds a schedule with a preview, lets it fire, pauses everything, runs it by hand, and deletes it", async () => {
  const { page } = window;
  const name = fresh("scheduled");
  const script = await newScript(name, { "main.py": 'print("fired")\n' });
  await page.goto(`/scripts/${script}/schedules`);
  await page
    .getByRole("button", { name: /schedule/i })
    .first()
    .click();
  const dialog = page.getByRole("dialog");
  const expression = dialog.getByRole("textbox", { name: "Expression" });
  await expression.fill("0 25 * * *");
  await dialog.getByText(/Hours go from 0 to 23/).waitFor();
  await screenshot(page, "schedules-1-refused");
  await expression.fill("*/5 * * * * *");
  await dialog.getByText("Every 5 seconds").waitFor();
  await screenshot(page, "schedules-2-preview");
  await dialog.getByRole("button", { name: "Add schedule" }).click();
  await page.getByText("The schedule is on").waitFor();
  await expect
    .poll(async () => (await schedulesOf(name))[0]?.last?.outcome_kind, { timeout: 30_000 })
    .toBe("succeeded");

  await page.goto(`/scheduler?q=${name}`);
  const list = page.getByRole("region", { name: "Schedules" });
  await list.getByText("Every 5 seconds").first().waitFor();
  await screenshot(page, "schedules-3-list");
  await page.getByRole("button", { name: "Pause all" }).click();
  await expect
    .poll(async () => (await api<{ in_force: { schedules_paused: boolean } }>("GET", "/settings")).in_force)
    .toMatchObject({ schedules_paused: true });
  await screenshot(page, "schedules-4-paused");
  await list.getByRole("button", { name: /^Run .* now$/ }).click();
  await page.getByText(/was started$/).waitFor();

  await page.goto("/scheduler?view=calendar");
  // Of all scripts together an hour may have more than there is room for.
  await page.getByRole("combobox", { name: "Script" }).click();
  await page.getByRole("option", { name }).click();
  await page.waitForURL(/script=/);
  await page.getByRole("link", { name }).first().waitFor();
  await screenshot(page, "schedules-5-calendar");
  const [schedule] = await schedulesOf(name);
  await api("DELETE", `/schedules/${schedule?.id}`);
  await api("PATCH", "/settings", { schedules_paused: false });
  await page.goto(`/scheduler?q=${name}`);
  await page.getByText("No schedule fits").waitFor();
  window.assertClean(/status of 422/);
});

it("takes over a crontab, line by line", async () => {
  const { page } = window;
  const name = fresh("from-crontab");
  await page.goto("/scheduler?open=import");
  const dialog = page.getByRole("dialog");
  await dialog
    .getByRole("textbox", { name: "Crontab" })
    .fill(`MAILTO=me\n30 2 * * * python3 /opt/${name}.py\n@reboot x\n`);
  await dialog.getByText("There is no schedule for the start of the machine").waitFor();
  await screenshot(page, "schedules-6-crontab");
  await dialog.getByRole("button", { name: "Import 1 job" }).click();
  await page.getByText("1 schedule added").waitFor();
  const [made] = await schedulesOf(name);
  expect(made).toMatchObject({ script_name: name, enabled: false });
  window.assertClean();
});
