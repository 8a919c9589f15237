// The past: runs are found by filters that the address holds, filters are saved, two runs are compared, a text is found
// in all logs, a run is kept and deleted, and what retention would remove is shown before it is saved.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, type Window } from "./product";

interface Run {
  id: string;
  number: number;
  kept: boolean;
}
const NOT_TODAY = 'print("line one")\nraise SystemExit("not today")\n';

let window: Window;
let script = "";
let good: Run;
let bad: Run;
const name = fresh("history");
const saved = fresh("Found again");

beforeAll(async () => {
  script = await newScript(name, { "main.py": 'print("all is well")\n' });
  const first = await runOf(script);
  expect(await finished(first)).toBe("succeeded");
  const second = await runOf(script, { "main.py": NOT_TODAY });
  expect(await finished(second)).toBe("failed");
  good = await api<Run>("GET", `/runs/${first}`);
  bad = await api<Run>("GET", `/runs/${second}`);
}, 240_000);
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());
afterAll(async () => {
  const { items } = await api<{ items: { id: string; name: string }[] }>("GET", "/saved-filters");
  for (const each of items) if (each.name.includes("again")) await api("DELETE", `/saved-filters/${each.id}`);
});

describe("the list of runs", () => {
  it("is narrowed by filters that the address holds, and saved under a name", async () => {
    const { page } = window;
    const rows = page.getByRole("region", { name: "Runs" }).locator("tbody tr");
    await page.goto("/runs");
    await page
      .getByTestId("totals")
      .getByText(/succeeded$/)
      .waitFor();
    await page.getByRole("searchbox", { name: "Part of a script's name" }).fill(name);
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByRole("button", { name: "Outcome", exact: true }).click();
    const outcomes = page.getByRole("listbox", { name: "Outcome" });
    await outcomes.getByRole("option", { name: "Failed", exact: true }).click();
    await outcomes.getByRole("option", { name: "Lost", exact: true }).click();
    await screenshot(page, "history-1-outcomes");
    await page.keyboard.press("Escape");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("button", { name: "More filters" }).click();
    await page.getByRole("button", { name: /^Error text/ }).click();
    await page.getByRole("textbox", { name: "Error text" }).fill("NOT TODAY");
    await page.getByRole("button", { name: "Show these runs" }).click();
    await expect.poll(() => page.url()).toMatch(/error=NOT/);
    await rows.getByText("not today").last().waitFor();
    await page.getByRole("button", { name: "Time", exact: true }).click();
    await page.getByRole("option", { name: "Last hour" }).click();
    await screenshot(page, "history-2-filtered");

    await page.getByRole("button", { name: "Saved", exact: true }).click();
    await page.getByRole("menuitem", { name: /Save these filters/ }).click();
    await page.getByRole("textbox", { name: "Name" }).fill(saved);
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByText(`Saved as “${saved}”`).waitFor();
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await expect.poll(() => page.url()).not.toMatch(/outcome/);
    await page.getByRole("button", { name: "Saved", exact: true }).click();
    await page.getByRole("menuitem", { name: saved }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("outcome")).toBe("failed,lost");
    await page.reload();
    await expect.poll(() => rows.count()).toBe(1);

    await page.getByRole("button", { name: saved }).click();
    await page.getByRole("menuitem", { name: /Edit saved filters/ }).click();
    await page.getByRole("textbox", { name: `Name of ${saved}` }).fill(`${saved} and again`);
    await page.getByRole("button", { name: `Rename ${saved}` }).click();
    await page.getByRole("button", { name: `Delete ${saved} and again` }).click();
    await page.getByText(/is deleted$/).waitFor();
    await screenshot(page, "history-3-saved");
    window.assertClean();
  });

  it("says so when nothing fits, and takes what cannot be meant for nothing", async () => {
    const { page } = window;
    await page.goto(`/runs?q=${name}&outcome=lost&kind=lorry&last=7+weeks`);
    await page.getByText("No run fits these filters").waitFor();
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByRole("region", { name: "Runs" }).locator("tbody tr").first().waitFor();
    window.assertClean();
  });

  it("compares two runs of one script, and no others", async () => {
    const { page } = window;
    await page.goto(`/runs?script=${script}&kind=script`);
    await page.getByRole("checkbox", { name: `Compare run ${bad.number} of ${name}` }).check();
    await page.getByText(`Choose a second run of ${name}.`).waitFor();
    await page.getByRole("checkbox", { name: `Compare run ${good.number} of ${name}` }).check();
    await screenshot(page, "history-4-chosen");
    await page.getByRole("link", { name: "Compare", exact: true }).click();
    await page.waitForURL(`**/runs/compare?a=${good.id}&b=${bad.id}`);
    const facts = page.getByTestId("compare-facts");
    await facts.getByText("Failed: exit 1").first().waitFor();
    expect(await facts.getByText("differs").count()).toBeGreaterThan(1);
    await page.getByTestId("compare-changes").getByText("Revision").waitFor();
    await screenshot(page, "history-5-compared");

    const other = await newScript(fresh("other"), { "main.py": "print(1)\n" });
    const strange = await runOf(other);
    await finished(strange);
    await page.goto(`/runs/compare?a=${good.id}&b=${strange}`);
    await page.getByText(/Only runs of one script can be compared/).waitFor();
    window.assertClean();
  });

  it("keeps a run and deletes one", async () => {
    const { page } = window;
    await page.goto(`/runs/${good.id}`);
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByRole("button", { name: "Kept", exact: true }).waitFor();
    expect((await api<Run>("GET", `/runs/${good.id}`)).kept).toBe(true);
    const third = await runOf(script);
    await finished(third);
    const { number } = await api<Run>("GET", `/runs/${third}`);

    await page.goto(`/runs?script=${script}&kind=script`);
    await page.getByRole("button", { name: `More for run ${good.number} of ${name}` }).click();
    expect(await page.getByRole("menuitem", { name: /^Delete/ }).getAttribute("aria-disabled")).toBe("true");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: `More for run ${number} of ${name}` }).click();
    await page.getByRole("menuitem", { name: /^Delete/ }).click();
    await page.getByRole("dialog").getByText("go for good").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText(`Run ${number} is deleted`).waitFor();
    await expect.poll(() => page.getByRole("link", { name }).count()).toBe(2);
    await api("PATCH", `/runs/${good.id}`, { kept: false });
    window.assertClean();
  });
});

describe("the search in logs", () => {
  it("finds a line, leads to it, and says what is wrong with an expression", async () => {
    const { page } = window;
    await page.goto(`/runs?mode=logs&script=${script}`);
    const field = page.getByRole("textbox", { name: "Text to look for in logs" });
    await field.fill("NOT TODAY");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByTestId("search-progress").and(page.locator("[data-state=done]")).waitFor();
    const found = page.getByRole("region", { name: `Run ${bad.number} of ${name}` });
    await found.locator("mark").getByText("not today").waitFor();
    await screenshot(page, "history-6-found");
    const line = await found.locator("ol a").first().getAttribute("href");
    expect(line).toMatch(new RegExp(`^/runs/${bad.id}\\?line=\\d+$`));

    await page.getByRole("button", { name: "Capitals matter" }).click();
    await page.getByText("No log has it").waitFor();
    await field.fill("line (one");
    await page.getByRole("button", { name: "Regular expression" }).click();
    await expect.poll(() => field.getAttribute("aria-invalid")).toBe("true");
    await screenshot(page, "history-7-wrong");
    window.assertClean(/status of 400/);
  });
});

describe("retention", () => {
  it("shows what would go before it is saved", async () => {
    const { page } = window;
    await page.goto(`/scripts/${script}/settings#retention`);
    const panel = page.locator("#retention");
    await panel.getByRole("combobox", { name: "Runs" }).click();
    await page.getByRole("option", { name: "At most" }).click();
    const most = panel.getByRole("textbox", { name: "Runs, at most" });
    await most.fill("few");
    await panel.getByText("A whole number above zero.").waitFor();
    expect(await panel.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    // The last success and the last failure stay in any case.
    await most.fill("1");
    await panel.getByTestId("removal-preview").getByText("Nothing would be removed now.").waitFor();
    await screenshot(page, "history-8-retention");
    await panel.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    expect(await api("GET", `/scripts/${script}`)).toMatchObject({
      retention: { max_age_days: null, max_runs: 1, max_bytes: null },
    });
    await page.reload();
    await expect.poll(() => most.inputValue()).toBe("1");
    await api("PATCH", `/scripts/${script}`, { retention: { max_age_days: null, max_runs: null, max_bytes: null } });

    await page.goto("/settings/retention");
    await panel.getByRole("combobox", { name: "Age" }).click();
    await page.getByRole("option", { name: "No bound" }).click();
    await panel
      .getByTestId("removal-preview")
      .getByText(/would be removed|Would remove/i)
      .waitFor();
    window.assertClean();
  });
});
