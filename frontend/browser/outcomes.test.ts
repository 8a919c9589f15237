// How a run ended, for a person who has to do something about it: where in the code, which limit, what else changed.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, type Window } from "./product";

let window: Window;
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());

const MIB = 1024 * 1024;

const FAILING = `import helpers

print("about to fail")
helpers.total({})
`;
const HELPERS = `def total(summary):
    # The key is not there.
    return summary["total"]
`;

describe("a run's outcome", () => {
  it("leads from the traceback to the line in the editor", async () => {
    const { page } = window;
    const script = await newScript(fresh("traceback"), { "main.py": FAILING, "helpers.py": HELPERS });
    const run = await runOf(script);
    expect(await finished(run)).toBe("failed");
    await page.goto(`/runs/${run}`);
    await page.getByTestId("outcome").getByText("Failed: exit 1").waitFor();
    const card = page.getByTestId("traceback");
    await card.getByText("KeyError").waitFor();
    expect(await card.getByRole("link", { name: "main.py:4" }).count()).toBe(1);
    await page.getByTestId("changes").getByText("It has never succeeded before").waitFor();
    await screenshot(page, "outcome-1-traceback");

    await card.getByRole("link", { name: "Open helpers.py:3" }).click();
    await page.waitForURL(/\/code\?file=helpers\.py&line=3/);
    await page.locator(".monaco-editor .code-place").waitFor();
    await expect.poll(() => page.locator(".active-line-number").textContent()).toBe("3");
    expect(await page.evaluate(() => document.activeElement?.closest(".monaco-editor") !== null)).toBe(true);
    await screenshot(page, "outcome-2-line");

    // The same editor, with the file open already: another place in another file, and back.
    await page.goBack();
    await card.getByRole("link", { name: "main.py:4" }).click();
    await expect.poll(() => page.locator(".active-line-number").textContent()).toBe("4");
    await page.goBack();
    await card.getByRole("link", { name: "Open helpers.py:3" }).click();
    await expect.poll(() => page.locator(".active-line-number").textContent()).toBe("3");
    window.assertClean();
  });

  it("names the memory limit and leads to it", async () => {
    const { page } = window;
    const script = await newScript(
      fresh("hungry"),
      { "main.py": "held = []\nwhile True:\n    held.append(bytearray(8 * 1024 * 1024))\n" },
      { limits: { memory_bytes: 64 * MIB } },
    );
    const run = await runOf(script);
    expect(await finished(run)).toBe("out_of_memory");
    await page.goto(`/runs/${run}`);
    await page.getByTestId("outcome").getByText("Out of memory at 64 MiB").waitFor();
    const limits = page.getByTestId("limits-hit");
    await limits.getByText(/Memory: the limit of 64 MiB/).waitFor();
    await screenshot(page, "outcome-3-memory");
    await limits.getByRole("link", { name: "Change this limit" }).first().click();
    await page.waitForURL(/\/settings\?limit=memory_bytes/);
    const field = page.getByRole("textbox", { name: "Memory", exact: true });
    await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await field.inputValue()).toBe("64 MiB");
    window.assertClean();
  });

  it("says what changed since it last worked", async () => {
    const { page } = window;
    const script = await newScript(fresh("changed"), { "main.py": 'print("fine")\n' });
    const good = await runOf(script);
    expect(await finished(good)).toBe("succeeded");
    await api("PATCH", `/scripts/${script}`, { limits: { pids: 64 } });
    const bad = await runOf(script, { "main.py": 'raise SystemExit("not today")\n' });
    expect(await finished(bad)).toBe("failed");
    await page.goto(`/runs/${bad}`);
    const changes = page.getByTestId("changes");
    await changes.getByText("Revision", { exact: true }).waitFor();
    await changes.getByText("Processes limit", { exact: true }).waitFor();
    await screenshot(page, "outcome-4-changes");
    await changes.getByRole("link", { name: /^Run \d+/ }).click();
    await page.waitForURL(new RegExp(`/runs/${good}`));
    window.assertClean();
  });

  it("draws what it used, and grows while it runs", async () => {
    const { page } = window;
    const script = await newScript(fresh("busy"), {
      "main.py":
        "import time\n\nend = time.time() + 12\nheld = bytearray(24 * 1024 * 1024)\nwhile time.time() < end:\n    sum(range(20000))\n",
    });
    const run = await runOf(script);
    await page.goto(`/runs/${run}?tab=resources`);
    const charts = page.getByTestId("charts");
    await charts.locator("canvas").first().waitFor({ timeout: 60_000 });
    expect(await charts.locator("canvas").count()).toBe(3);
    expect(await charts.getByRole("img").first().getAttribute("aria-label")).toMatch(/Peak .*, limit /);
    await page.getByText("The numbers as a table").click();
    const measured = async () => Number.parseInt((await page.locator("caption").textContent()) ?? "0", 10);
    const before = await measured();
    await expect.poll(measured, { timeout: 20_000 }).toBeGreaterThan(before);
    expect(await finished(run)).toBe("succeeded");
    await page
      .getByTestId("right-size")
      .getByText(/would do/)
      .waitFor();
    await screenshot(page, "outcome-5-resources");
    window.assertClean();
  });
});
