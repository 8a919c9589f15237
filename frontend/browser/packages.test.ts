// A module that is missing is one press away; what the settings deny is refused at its line; what a check, a rollback
// and the settings' own form say is what is true.
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, type Window, writeFile } from "./product";

interface Packages {
  deny?: string[];
  cool_down_days?: number | null;
  extra_index_urls?: string[];
}
interface Asked {
  requirements: string[];
  environment: { state: string };
}

let window: Window;
const before = (await api<{ set: { packages?: Packages } }>("GET", "/settings")).set.packages ?? {};
const YAML = 'import yaml\n\nprint(yaml.safe_load("answer: 42"))\n';

beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.close());
afterAll(() =>
  api("PATCH", "/settings", {
    packages: {
      deny: before.deny ?? [],
      cool_down_days: before.cool_down_days ?? null,
      extra_index_urls: before.extra_index_urls ?? [],
    },
  }),
);

it("adds and installs the package of a missing module in one press", async () => {
  const { page } = window;
  const script = await newScript(fresh("yaml"), { "main.py": YAML });
  const failed = await runOf(script);
  expect(await finished(failed)).toBe("failed");
  await page.goto(`/runs/${failed}`);
  const card = page.getByTestId("missing-module");
  await card.getByText("Module yaml is not installed").waitFor();
  await screenshot(page, "packages-1-missing");
  await card.getByRole("button", { name: /^Add pyyaml and install$/i }).click();

  await page.waitForURL(new RegExp(`/scripts/${script}/dependencies`));
  const environment = page.getByTestId("environment");
  await expect.poll(() => environment.getAttribute("data-state"), { timeout: 150_000 }).toBe("in_step");
  await page.locator("tr[data-package=pyyaml]").waitFor();
  await screenshot(page, "packages-2-installed");
  expect((await api<Asked>("GET", `/scripts/${script}/dependencies`)).requirements).toEqual(["pyyaml"]);

  await page.getByRole("button", { name: "Run", exact: true }).click();
  const newest = async () =>
    (await api<{ items: { id: string }[] }>("GET", `/runs?script=${script}&kind=script&limit=1`)).items[0]?.id;
  await expect.poll(newest).not.toBe(failed);
  expect(await finished((await newest()) as string)).toBe("succeeded");
  window.assertClean();
});

it("refuses a denied package at its line", async () => {
  const { page } = window;
  await page.goto("/settings/packages");
  const form = page.locator("#packages");
  await form.getByRole("textbox", { name: "Denied packages" }).fill("docopt\n");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  expect((await api<{ set: { packages?: Packages } }>("GET", "/settings")).set.packages?.deny).toEqual(["docopt"]);

  const script = await newScript(fresh("denied"), { "main.py": "print(1)\n" });
  await page.goto(`/scripts/${script}/dependencies`);
  const add = page.getByRole("textbox", { name: "Add a package" });
  for (const line of ["six", "docopt>=0.6"]) {
    await add.fill(line);
    await add.press("Enter");
  }
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const refused = page.getByRole("textbox", { name: "Requirement 2" });
  await expect.poll(() => refused.getAttribute("aria-invalid")).toBe("true");
  await page
    .getByRole("alert")
    .getByText(/docopt/)
    .waitFor();
  expect(await page.getByRole("textbox", { name: "Requirement 1" }).getAttribute("aria-invalid")).toBe("false");
  await screenshot(page, "packages-3-denied");
  expect((await api<Asked>("GET", `/scripts/${script}/dependencies`)).requirements).toEqual([]);
  window.assertClean(/422/);
});

it("says in the settings which field was refused", async () => {
  const { page } = window;
  await page.goto("/settings/packages");
  const form = page.locator("#packages");
  const indexes = form.getByRole("textbox", { name: "Extra indexes" });
  await indexes.fill("http://index.example.org/simple");
  await form.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => indexes.getAttribute("aria-invalid")).toBe("true");
  await screenshot(page, "packages-4-refused");
  window.assertClean(/422/);
});

it("takes who signs in to an index and shows the password to nobody", async () => {
  const { page } = window;
  const address = "https://index.example.org/simple";
  await page.goto("/settings/packages");
  const form = page.locator("#packages");
  const indexes = form.getByRole("textbox", { name: "Extra indexes" });
  await indexes.fill(address);
  await form.getByRole("button", { name: "Save" }).click();
  const row = page.locator(`[data-index="${address}"]`);
  await row.getByText("Nobody signs in").waitFor();
  await row.getByRole("button", { name: "Add user and password" }).click();
  const name = row.getByRole("textbox", { name: "User name" });
  expect(await name.evaluate((element) => element === document.activeElement)).toBe(true);
  await name.fill("ann:x");
  await row.getByLabel("Password or token").fill("hunter2-hunter2");
  await row.getByRole("button", { name: "Save" }).click();
  await row
    .getByRole("alert")
    .getByText(/without a colon/)
    .waitFor();
  await name.fill("ann");
  await row.getByRole("button", { name: "Save" }).click();
  await row.getByText("ann signs in, with a stored password").waitFor();
  await page.reload();
  await row.getByRole("button", { name: "Change" }).click();
  expect(await row.getByLabel("Password or token").inputValue()).toBe("");
  await screenshot(page, "packages-9-signs-in");
  expect(await page.content()).not.toContain("hunter2");
  await row.getByRole("button", { name: "Cancel" }).click();
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByRole("button", { name: "Remove both" }).click();
  await row.getByText("Nobody signs in").waitFor();
  // No build finds anything there.
  await api("PATCH", "/settings", { packages: { extra_index_urls: before.extra_index_urls ?? [] } });
  window.assertClean(/422/);
});

it("checks, updates, verifies and goes back", async () => {
  const { page } = window;
  const script = await newScript(fresh("moves"), { "main.py": "import idna\n" });
  const order = async (path: string, body: object) =>
    finished((await api<{ run: { id: string } }>("POST", `/scripts/${script}/dependencies/${path}`, body)).run.id);
  await api("PUT", `/scripts/${script}/dependencies`, { requirements: ["idna==3.4"] });
  expect(await order("install", {})).toBe("succeeded");
  await api("PUT", `/scripts/${script}/dependencies`, { requirements: ["idna"] });

  await page.goto(`/scripts/${script}/dependencies`);
  const environment = page.getByTestId("environment");
  await expect.poll(() => environment.getAttribute("data-state")).toBe("needs_install");
  await page.getByRole("button", { name: "Check for updates" }).click();
  const check = page.getByTestId("check");
  await check.getByText("1 changed").waitFor({ timeout: 150_000 });
  await screenshot(page, "packages-5-checked");
  await check.getByRole("button", { name: "Apply: update all" }).click();
  await expect.poll(() => environment.getAttribute("data-state"), { timeout: 150_000 }).toBe("in_step");
  await check.getByText("an earlier environment").waitFor();
  await page.getByRole("button", { name: "Verify files" }).click();
  await page.getByText("All files are as they were made").waitFor();

  await page.getByRole("button", { name: "Go back" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("3.4", { exact: true }).waitFor();
  await screenshot(page, "packages-6-back");
  await dialog.getByRole("button", { name: "Go back" }).click();
  await page.locator("tr[data-package=idna]").getByText("3.4", { exact: true }).first().waitFor();
  window.assertClean();
});

it("lets a person decide between the list and the file", async () => {
  const { page } = window;
  const block = (inside: string) => `# /// script\n# dependencies = [${inside}]\n# ///\nprint(1)\n`;
  const script = await newScript(fresh("inline"), { "main.py": block('"idna"') });
  await page.goto(`/scripts/${script}/dependencies`);
  const inline = page.getByTestId("inline");
  const state = () => inline.getAttribute("data-state");
  await expect.poll(state).toBe("in_step");

  await writeFile(script, "main.py", block('"idna'));
  await expect.poll(state).toBe("unreadable");
  await screenshot(page, "packages-7-unreadable");
  await api("PUT", `/scripts/${script}/dependencies`, { requirements: ["six"] });
  await writeFile(script, "main.py", block('"idna>=3"'));
  await expect.poll(state).toBe("conflict");
  await screenshot(page, "packages-8-conflict");
  await inline.getByRole("button", { name: "Use the file" }).click();
  await expect.poll(state).toBe("in_step");
  expect((await api<Asked>("GET", `/scripts/${script}/dependencies`)).requirements).toEqual(["idna>=3"]);
  await inline.getByText("asks for the same").waitFor();
  window.assertClean();
});

it("imports a requirements.txt once a person has seen what comes of its lines", async () => {
  const { page } = window;
  const script = await newScript(fresh("import"), { "main.py": "print(1)\n" });
  const asked = async () => (await api<Asked>("GET", `/scripts/${script}/dependencies`)).requirements;
  await api("PUT", `/scripts/${script}/dependencies`, { requirements: ["six>=1", "idna"] });
  await page.goto(`/scripts/${script}/dependencies`);
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog");
  await expect.poll(() => dialog.getByRole("button", { name: "Import" }).isDisabled()).toBe(true);
  await dialog.locator("input[type=file]").setInputFiles({
    name: "requirements.txt",
    mimeType: "text/plain",
    // As PowerShell writes what it redirects.
    buffer: Buffer.from("\ufeff-r base.txt\r\nsix==1.17.0\r\nreqeusts  # why\r\n", "utf16le"),
  });
  const fate = (kind: string) => dialog.locator(`li[data-fate=${kind}]`);
  await fate("not_taken").getByText("Import base.txt as well").waitFor();
  await fate("replaces").getByText("instead of six>=1").waitFor();
  await fate("added").getByText("reqeusts is one character away from requests").waitFor();
  await screenshot(page, "packages-9-import");
  expect(await asked()).toEqual(["six>=1", "idna"]);
  await dialog.getByRole("checkbox", { name: /Remove packages/ }).check();
  await dialog.getByText("Goes from the list").waitFor();
  await dialog.getByRole("checkbox", { name: /Remove packages/ }).uncheck();
  await expect.poll(() => dialog.getByText("Goes from the list").count()).toBe(0);
  await dialog.getByRole("button", { name: "Import 2 lines" }).click();
  await expect.poll(asked).toEqual(["six==1.17.0", "idna", "reqeusts"]);

  await page.getByTestId("lookalike").getByRole("button", { name: "Use requests" }).click();
  await expect.poll(() => page.getByTestId("lookalike").count()).toBe(0);
  // It is said while somebody types, not only once it is saved.
  await page.getByRole("textbox", { name: "Add a package" }).fill("pandsa");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByTestId("lookalike").getByText("pandsa is one character away from pandas").waitFor();
  await screenshot(page, "packages-10-lookalike");
  expect(await asked()).toEqual(["six==1.17.0", "idna", "reqeusts"]);
  window.assertClean();
});
