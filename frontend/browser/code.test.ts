// The Code tab in a real browser against a real product: the folder, previews, tabs, unsaved work and conflicts,
// revisions, runs with arguments. What happens "elsewhere" is done through the API, or in a second window.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Locator, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  api,
  finished,
  fresh,
  newScript,
  openWindow,
  readFile,
  runOf,
  screenshot,
  URL_OF_PRODUCT,
  type Window,
  writeFile,
} from "./product";

let window: Window;
let page: Page;
beforeEach(async () => {
  window = await openWindow();
  page = window.page;
});
afterEach(() => window.close());

const MAIN = 'print("one")\nprint("two")\n';
const MIB = 1024 * 1024;

async function openCode(script: string, search = "", on: Page = page) {
  await on.goto(`/scripts/${script}/code${search}`);
  await on.getByRole("tree").locator("[data-path]").first().waitFor();
}
const editorIn = (on: Page = page) => on.locator("[data-testid=editor] .view-lines");
async function type(text: string, on: Page = page) {
  await editorIn(on).click();
  await on.keyboard.press("Control+Home");
  await on.keyboard.type(text);
  await expect.poll(() => saveState(on)).toContain("Unsaved");
}
const saveState = (on: Page = page) => on.getByTestId("save-state").textContent();
const row = (path: string): Locator => page.getByRole("tree").locator(`[data-path="${path}"]`);
const tab = (path: string): Locator =>
  page.getByRole("tablist", { name: "Open files" }).locator(`[data-tab="${path}"]`);
async function menu(path: string, item: string) {
  await row(path).click({ button: "right" });
  await page.getByRole("menuitem", { name: item }).click();
}
const paths = async (script: string) =>
  (await api<{ items: { path: string }[] }>("GET", `/scripts/${script}/files`)).items.map((each) => each.path).sort();
const has = (script: string, ...wanted: string[]) =>
  expect.poll(() => paths(script), { timeout: 10_000 }).toEqual(expect.arrayContaining(wanted));
const lacks = (script: string, path: string) =>
  expect.poll(() => paths(script), { timeout: 10_000 }).not.toContain(path);

async function putBytes(script: string, path: string, body: Buffer) {
  const response = await fetch(`${URL_OF_PRODUCT}/api/v1/scripts/${script}/files/${path}`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: new Uint8Array(body),
  });
  if (!response.ok) throw new Error(`PUT ${path} answered ${response.status}`);
}

/** Eight times six pixels of one colour. */
function picture(): Buffer {
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    let crc = ~0;
    for (const byte of body) {
      crc ^= byte;
      for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(~crc >>> 0, 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.from([0, 0, 0, 8, 0, 0, 0, 6, 8, 2, 0, 0, 0]);
  const rows = Buffer.concat(
    Array.from({ length: 6 }, () => Buffer.concat([Buffer.from([0]), Buffer.alloc(24, 0x60)])),
  );
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("the folder", () => {
  it("is a tree that the keyboard walks, with names, new files and folders", async () => {
    const script = await newScript(fresh("tree"), { "main.py": MAIN, "data/a.txt": "a\n", "data/deep/b.txt": "b\n" });
    await openCode(script);
    await page.getByRole("tree").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await row("data/a.txt").waitFor();
    expect(await row("data").getAttribute("aria-expanded")).toBe("true");
    expect(await row("data/a.txt").getAttribute("aria-level")).toBe("2");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => editorIn().textContent()).toContain("b");
    expect(await row("data/deep/b.txt").getAttribute("aria-selected")).toBe("true");

    await page.getByRole("tree").focus();
    await page.keyboard.press("F2");
    const name = page.getByLabel("New name of data/deep/b.txt");
    await name.fill("data/deep/../b.txt");
    await name.press("Enter");
    await page.getByText("hold “..”").waitFor();
    await name.fill("data/renamed.txt");
    await name.press("Enter");
    await has(script, "data/renamed.txt");
    await tab("data/renamed.txt").waitFor();
    expect(await tab("data/deep/b.txt").count()).toBe(0);

    await menu("data", "New file here");
    await page.getByLabel("Name of the new file").fill("data/new.py");
    await page.keyboard.press("Enter");
    await has(script, "data/new.py");
    await expect.poll(() => tab("data/new.py").getAttribute("aria-selected")).toBe("true");
    await page.getByRole("button", { name: "Add a folder" }).click();
    await page.getByLabel("Name of the new folder").fill("empty/inner");
    await page.keyboard.press("Enter");
    await has(script, "empty/inner");
    await row("empty/inner").waitFor();
    await screenshot(page, "code-1-tree");

    await page.getByRole("button", { name: "Find a file" }).click();
    await page.getByRole("searchbox", { name: "Find a file" }).fill("renam");
    await expect.poll(() => page.getByRole("treeitem").count()).toBe(2);
    await page.keyboard.press("Escape");
    await row("main.py").waitFor();
    window.assertClean();
  });

  it("moves by dragging, and what runs stays what runs", async () => {
    const script = await newScript(fresh("moves"), { "main.py": MAIN, "lib/x.py": "x = 1\n", "notes.txt": "n\n" });
    await openCode(script);
    await row("notes.txt").dragTo(row("lib"));
    await has(script, "lib/notes.txt");
    await page.getByText("notes.txt is now lib/notes.txt").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await row("notes.txt").waitFor();

    await page.getByText("notes.txt is now lib/notes.txt").waitFor({ state: "detached" });
    await row("main.py").dragTo(row("lib"));
    await has(script, "lib/main.py");
    await expect
      .poll(async () => (await api<{ entry_point: string }>("GET", `/scripts/${script}`)).entry_point)
      .toBe("lib/main.py");
    await expect.poll(() => row("lib/main.py").getAttribute("aria-label")).toContain("this one runs");

    await writeFile(script, "other.py", "print(2)\n");
    await menu("other.py", "Make it what runs");
    await page.getByText("other.py is what runs now").waitFor();
    window.assertClean();
  });

  it("takes files and folders from the desktop, asks before it replaces, and deletes with a way back", async () => {
    const script = await newScript(fresh("uploads"), { "main.py": MAIN, "taken.txt": "old\n" });
    await openCode(script);
    await page.getByTestId("upload-files").setInputFiles([
      { name: "taken.txt", mimeType: "text/plain", buffer: Buffer.from("new\n") },
      { name: "extra.txt", mimeType: "text/plain", buffer: Buffer.from("extra\n") },
    ]);
    await page.getByText("taken.txt exists already").waitFor();
    await screenshot(page, "code-2-replace");
    await page.getByRole("button", { name: "Upload the other one" }).click();
    await has(script, "extra.txt");
    expect(await readFile(script, "taken.txt")).toBe("old\n");

    const folder = join(mkdtempSync(join(tmpdir(), "upload-")), "tables");
    mkdirSync(join(folder, "2026"), { recursive: true });
    for (let i = 0; i < 12; i++) writeFileSync(join(folder, "2026", `t${i}.csv`), `day,total\n${i},${i}\n`);
    await page.getByTestId("upload-folder").setInputFiles(folder);
    await page.getByText("12 files uploaded").waitFor();
    await has(script, "tables/2026/t11.csv");

    // Dropped on the folder: as a desktop does it.
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["dropped\n"], "dropped.txt"));
      return transfer;
    });
    await row("tables").dispatchEvent("dragover", { dataTransfer: data });
    await row("tables").dispatchEvent("drop", { dataTransfer: data });
    await has(script, "tables/dropped.txt");

    await row("tables").waitFor();
    await menu("tables", "Delete");
    await page.getByText("tables with 13 files is deleted").waitFor();
    await lacks(script, "tables/2026/t0.csv");
    await page.getByRole("button", { name: "Undo" }).click();
    await has(script, "tables/2026/t0.csv", "tables/dropped.txt");
    expect(await readFile(script, "tables/2026/t3.csv")).toBe("day,total\n3,3\n");

    await row("taken.txt").click();
    await page.getByRole("tree").focus();
    await page.keyboard.press("Delete");
    await lacks(script, "taken.txt");
    await expect.poll(() => tab("taken.txt").count()).toBe(0);

    const [download] = await Promise.all([page.waitForEvent("download"), menu("extra.txt", "Download")]);
    expect(readFileSync(await download.path(), "utf8")).toBe("extra\n");
    window.assertClean();
  });

  it("stays quick with thousands of entries", async () => {
    const script = await newScript(fresh("many"), { "main.py": MAIN });
    // As few saves as make a long list.
    for (let i = 0; i < 300; i++) await writeFile(script, `many/file-${String(i).padStart(4, "0")}.txt`, "x\n");
    await openCode(script);
    await row("many").click();
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await row("main.py").waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(80);
    await page.keyboard.type("many");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.getByRole("treeitem").count()).toBe(2);
    window.assertClean();
  });
});

describe("previews", () => {
  it("show pictures, tables, JSON and Markdown, and say what cannot be shown", async () => {
    const script = await newScript(fresh("previews"), {
      "main.py": MAIN,
      "README.md": "# Hello\n\n<script>alert(1)</script>\n",
      "totals.csv": "day,total\n2026-03-01,5\n",
      "settings.json": '{"a":[1]}\n',
    });
    await putBytes(script, "logo.png", picture());
    await putBytes(script, "blob.bin", Buffer.alloc(5000));
    await putBytes(script, "long.txt", Buffer.alloc(3 * MIB, "x\n"));
    await openCode(script, "?file=logo.png");
    const preview = page.getByTestId("preview");
    await preview.getByText("8 × 6").waitFor();
    await preview.getByText("Picture (png)").waitFor();
    await screenshot(page, "code-3-picture");

    await row("README.md").click();
    await page.getByRole("radio", { name: "Preview" }).click();
    await preview.getByRole("heading", { name: "Hello" }).waitFor();
    expect(await preview.locator("script").count()).toBe(0);
    await page.getByRole("radio", { name: "Edit" }).click();
    await type("Unsaved words\n\n");
    await page.getByRole("radio", { name: "Preview" }).click();
    await preview.getByText("Unsaved words").waitFor();

    await row("totals.csv").click();
    await page.getByRole("radio", { name: "Preview" }).click();
    await preview.getByRole("columnheader", { name: "total" }).waitFor();
    await row("settings.json").click();
    await page.getByRole("radio", { name: "Preview" }).click();
    await expect.poll(() => preview.locator("pre").textContent()).toContain('"a": [');

    await row("blob.bin").click();
    await preview.getByText("no preview for this kind").waitFor();
    await preview.getByText("4.9 KiB").waitFor();
    await row("long.txt").click();
    await preview.getByText("Too large to preview").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      preview.getByRole("link", { name: "Download" }).click(),
    ]);
    expect(readFileSync(await download.path()).length).toBe(3 * MIB);
    window.assertClean();
  });
});

describe("tabs and unsaved work", () => {
  it("keep what was typed when a tab is closed and when the page is reloaded", async () => {
    const script = await newScript(fresh("tabs"), { "main.py": MAIN, "a.py": "a = 1\n", "b.py": "b = 1\n" });
    await openCode(script);
    await row("a.py").click();
    await type("# in a\n");
    await row("b.py").click();
    await type("# in b\n");
    expect(await tab("a.py").getAttribute("aria-label")).toBe("a.py, unsaved");

    await tab("a.py").click({ button: "middle" });
    await page.getByText("a.py is closed with unsaved work").waitFor();
    expect(await tab("a.py").count()).toBe(0);
    await expect.poll(() => row("a.py").getAttribute("aria-label")).toBe("a.py, unsaved");

    await row("main.py").click();
    await page.reload();
    await tab("b.py").waitFor();
    expect(await tab("main.py").getAttribute("aria-selected")).toBe("true");
    await expect.poll(() => tab("b.py").getAttribute("aria-label")).toBe("b.py, unsaved");
    await row("a.py").click();
    await editorIn().getByText("# in a").waitFor();
    expect(await readFile(script, "a.py")).toBe("a = 1\n");

    // A run saves what is open first.
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => readFile(script, "a.py")).toBe("# in a\na = 1\n");
    await expect.poll(() => readFile(script, "b.py")).toBe("# in b\nb = 1\n");
    await expect.poll(() => page.getByTestId("dock-run").count(), { timeout: 30_000 }).toBe(1);
    window.assertClean();
  });

  it("takes in a change from elsewhere, and overwrites nobody: keep, take, merge", async () => {
    const script = await newScript(fresh("elsewhere"), { "main.py": MAIN });
    await openCode(script);
    await editorIn().getByText("two").waitFor();
    await writeFile(script, "main.py", `${MAIN}print("three")\n`);
    await editorIn().getByText("three").waitFor();
    expect(await page.getByTestId("conflict").count()).toBe(0);

    // While there is unsaved work the notice comes before anything is saved.
    await type("# mine\n");
    await writeFile(script, "main.py", `${MAIN}print("four")\n`);
    await page.getByTestId("conflict").getByText("was changed elsewhere").waitFor();
    await screenshot(page, "code-4-conflict");
    await page.keyboard.press("Control+s");
    expect(await readFile(script, "main.py")).toBe(`${MAIN}print("four")\n`);
    await page.getByRole("button", { name: "Take theirs" }).click();
    await editorIn().getByText("four").waitFor();
    expect(await editorIn().textContent()).not.toContain("mine");

    await type("# mine again\n");
    await writeFile(script, "main.py", `${MAIN}print("five")\n`);
    await page.getByTestId("conflict").waitFor();
    await page.getByRole("button", { name: "Keep mine" }).click();
    await expect.poll(() => readFile(script, "main.py")).toBe(`# mine again\n${MAIN}print("four")\n`);

    await type("# merged\n");
    await writeFile(script, "main.py", 'print("theirs")\n');
    await page.getByTestId("conflict").waitFor();
    await page.getByRole("button", { name: "Merge" }).click();
    const sides = page.getByTestId("comparison").locator(".view-lines");
    await sides.last().getByText("merged").waitFor();
    await sides.last().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# both");
    await screenshot(page, "code-5-merge");
    await page.getByRole("button", { name: "Save the right side" }).click();
    await expect.poll(() => readFile(script, "main.py")).toContain("# both");
    expect(await readFile(script, "main.py")).toContain("# merged\n# mine again");
    await editorIn().getByText("both").waitFor();
    await expect.poll(() => saveState()).toContain("Saved");
    window.assertClean(/412/);
  });

  it("says so when the file under unsaved work is deleted elsewhere", async () => {
    const script = await newScript(fresh("deleted"), { "main.py": MAIN, "b.py": "b = 1\n" });
    await openCode(script, "?file=b.py");
    await type("# mine\n");
    await api("DELETE", `/scripts/${script}/files/b.py`);
    await page.getByText("b.py was deleted elsewhere").waitFor();
    await page.getByRole("button", { name: "Write mine again" }).click();
    await expect.poll(() => paths(script)).toContain("b.py");
    expect(await readFile(script, "b.py")).toBe("# mine\nb = 1\n");
    window.assertClean(/404/);
  });

  it("lets two windows edit one file", async () => {
    const script = await newScript(fresh("windows"), { "main.py": MAIN });
    const other = await openWindow();
    try {
      await openCode(script);
      await openCode(script, "", other.page);
      await type("# first\n");
      await type("# second\n", other.page);
      await page.keyboard.press("Control+s");
      await expect.poll(() => saveState()).toContain("Saved");
      await other.page.getByTestId("conflict").waitFor();
      await other.page.keyboard.press("Control+s");
      expect(await readFile(script, "main.py")).toBe(`# first\n${MAIN}`);
      await other.page.getByRole("button", { name: "Merge" }).click();
      const right = other.page.getByTestId("comparison").locator(".view-lines").last();
      await right.click();
      await other.page.keyboard.press("Control+Home");
      await other.page.keyboard.type("# first\n");
      await other.page.getByRole("button", { name: "Save the right side" }).click();
      await expect.poll(() => readFile(script, "main.py")).toBe(`# first\n# second\n${MAIN}`);
      await editorIn().getByText("second").waitFor();
      other.assertClean(/412/);
      window.assertClean(/412/);
    } finally {
      await other.close();
    }
  });
});

describe("revisions", () => {
  it("are listed with what changed, compared, labelled, and restored with a way back", async () => {
    const script = await newScript(fresh("revisions"), { "main.py": MAIN, "b.py": "b = 1\n" });
    await writeFile(script, "main.py", `${MAIN}print("three")\n`);
    const run = await runOf(script);
    await finished(run);
    await writeFile(script, "main.py", 'print("newest")\n');
    const { items } = await api<{ items: { number: number; runs: { count: number } }[] }>(
      "GET",
      `/scripts/${script}/revisions`,
    );
    const used = items.find((each) => each.runs.count === 1)?.number as number;
    const newest = items[0]?.number as number;
    expect(used).toBeGreaterThan(0);

    await openCode(script);
    await page.getByRole("tab", { name: "Revisions" }).click();
    const panel = page.getByTestId("revisions");
    await panel.getByRole("heading", { name: "Today" }).waitFor();
    await panel.locator(`[data-revision="${newest}"]`).focus();
    await page.keyboard.press("ArrowDown");
    while (!page.url().includes(`revision=${used}`)) await page.keyboard.press("ArrowDown");
    const detail = page.getByRole("region", { name: `Revision ${used}` });
    expect(await detail.getByRole("link", { name: "The run that used it" }).getAttribute("href")).toBe(`/runs/${run}`);

    // Against what it is now, then against the one before.
    const view = page.getByTestId("revision-view");
    const sides = view.getByTestId("comparison").locator(".view-lines");
    await sides.first().getByText("three").waitFor();
    await sides.last().getByText("newest").waitFor();
    await screenshot(page, "code-6-against-now");
    await detail
      .getByLabel("Changed files")
      .getByRole("button", { name: /main\.py/ })
      .click();
    await page.waitForURL(/against=previous/);
    await sides.last().getByText("three").waitFor();
    await expect.poll(() => sides.first().textContent()).not.toContain("three");
    await screenshot(page, "code-7-against-before");

    const label = detail.getByLabel(`Label of revision ${used}`);
    await label.fill("Worked on Sunday");
    await label.press("Enter");
    await panel.locator(`[data-revision="${used}"]`).getByText("Worked on Sunday").waitFor();

    await detail.getByRole("button", { name: "Restore" }).click();
    await expect.poll(() => readFile(script, "main.py")).toBe(`${MAIN}print("three")\n`);
    await page.getByText(`Revision ${used} is back`).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => readFile(script, "main.py")).toBe('print("newest")\n');

    // One file of it, into the editor, to be saved or not.
    await view.getByRole("radio", { name: "With now" }).click();
    await view.getByRole("button", { name: "Take this file" }).click();
    await editorIn().getByText("three").waitFor();
    expect(await saveState()).toContain("Unsaved");
    expect(await readFile(script, "main.py")).toBe('print("newest")\n');
    window.assertClean();
  });
});

describe("running", () => {
  it("passes arguments and variables as they are shown, and remembers them but no secret", async () => {
    const script = await newScript(fresh("run-with"), { "main.py": "import sys\nprint(sys.argv[1:])\n" });
    await openCode(script);
    await page.keyboard.press("Control+Shift+Enter");
    const dialog = page.getByRole("dialog", { name: "Run with…" });
    await dialog.getByLabel("Arguments").fill("--day 'next");
    await dialog.getByText("is not closed").waitFor();
    expect(await dialog.getByRole("button", { name: "Run", exact: true }).isDisabled()).toBe(true);
    await dialog.getByLabel("Arguments").fill(`--day yesterday "two words" ''`);
    for (const [index, [name, value]] of [
      ["REGION", "eu west"],
      ["API_TOKEN", "hunter2"],
    ].entries()) {
      await dialog.getByRole("button", { name: "Add a variable" }).click();
      await dialog.getByLabel(`Name of variable ${index + 1}`).fill(name as string);
      await dialog.getByLabel(`Value of ${name}`).fill(value as string);
    }
    const passed = dialog.getByTestId("passed");
    await passed.getByText("two words", { exact: true }).waitFor();
    await passed.getByText("(empty)").waitFor();
    expect(await passed.textContent()).not.toContain("hunter2");
    await screenshot(page, "code-8-run-with");
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    const dock = page.getByTestId("dock-run");
    await dock.waitFor();
    const id = (await dock.getAttribute("data-run")) as string;
    const run = await api<{ args: string[]; env: Record<string, string> }>("GET", `/runs/${id}`);
    expect(run.args).toEqual(["--day", "yesterday", "two words", ""]);
    expect(run.env).toEqual({ REGION: "eu west", API_TOKEN: "hunter2" });
    await finished(id);

    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    expect(stored).toContain("eu west");
    expect(stored).not.toContain("hunter2");
    await page.getByRole("button", { name: "Run with…" }).click();
    await page.getByRole("menuitem", { name: /Run with arguments/ }).click();
    expect(await dialog.getByLabel("Arguments").inputValue()).toBe("--day yesterday 'two words' ''");
    expect(await dialog.getByLabel("Value of REGION").inputValue()).toBe("eu west");
    expect(await dialog.getByLabel("Value of API_TOKEN").inputValue()).toBe("");
    window.assertClean();
  });

  it("leads from the output and the list of problems to the line", async () => {
    const script = await newScript(fresh("failing"), { "main.py": 'print("x")\n\nraise RuntimeError("no luck")\n' });
    await finished(await runOf(script));
    await openCode(script);
    await page.getByTestId("dock-run").getByRole("button", { name: "main.py:3" }).click();
    await page.waitForURL(/line=3/);
    await page.locator(".monaco-editor .code-place").waitFor();
    await page.getByRole("tab", { name: /^Problems/ }).click();
    await page.keyboard.press("ArrowRight");
    await page.getByTestId("revisions").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page
      .getByRole("list", { name: "Problems" })
      .getByRole("button", { name: /RuntimeError: no luck/ })
      .click();
    await expect.poll(() => page.locator(".active-line-number").textContent()).toBe("3");
    // What was looked at is remembered.
    await page.reload();
    await page.getByRole("list", { name: "Problems" }).waitFor();
    window.assertClean();
  });
});

describe("on a phone", () => {
  it("has the tree in a sheet and everything else in reach", async () => {
    const script = await newScript(fresh("phone"), { "main.py": MAIN, "lib/util.py": "u = 1\n" });
    await writeFile(script, "main.py", 'print("newest")\n');
    const phone = await openWindow({ width: 390, height: 844 });
    const small = phone.page;
    try {
      await small.goto(`/scripts/${script}/code`);
      await editorIn(small).getByText("newest").waitFor();
      await small.getByRole("button", { name: "Files", exact: true }).click();
      await small.getByRole("treeitem", { name: "lib", exact: true }).click();
      await screenshot(small, "code-9-phone-tree");
      await small.getByRole("treeitem", { name: "util.py" }).click();
      await editorIn(small).getByText("u = 1").waitFor();
      await type("# small\n", small);
      await small.getByRole("button", { name: "Save", exact: true }).click();
      await expect.poll(() => readFile(script, "lib/util.py")).toBe("# small\nu = 1\n");
      await small.getByRole("tab", { name: "Revisions" }).click();
      await small.getByTestId("revisions").locator("[data-revision]").first().click();
      await small.getByLabel("Changed files").getByRole("button").first().click();
      await small.getByTestId("comparison").getByText("small").waitFor();
      await screenshot(small, "code-10-phone-revision");
      const sideways = await small.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(sideways).toBe(0);
      phone.assertClean();
    } finally {
      await phone.close();
    }
  });
});
