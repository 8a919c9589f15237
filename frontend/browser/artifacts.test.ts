// Files that a run leaves are listed and shown, and nothing in them gets to act.
import { expect, it } from "vitest";
import { finished, fresh, newScript, openWindow, runOf, screenshot } from "./product";

const WRITES = `import os
import struct
import zlib
from pathlib import Path

out = Path(os.environ["PYTASK_ARTIFACTS"])


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


rows = b"".join(b"\\0" + b"\\x30\\x60\\xc0" * 40 for _ in range(30))
(out / "charts").mkdir()
(out / "charts" / "blue.png").write_bytes(
    b"\\x89PNG\\r\\n\\x1a\\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows))
    + chunk(b"IEND", b"")
)
(out / "totals.csv").write_text("day,total\\n" + "".join(f"2026-03-{n % 28 + 1:02},{n}\\n" for n in range(620)))
(out / "report.html").write_text(
    "<h1>Report</h1><p id=said>quiet</p>"
    "<script>document.getElementById('said').textContent = 'loud'; parent.document.title = 'taken'</script>"
)
(out / "notes.md").write_text("# Notes\\n\\n<script>alert(1)</script>\\n\\n![far](https://example.org/x.png)\\n")
`;

it("shows pictures, tables and pages, and runs no script of theirs", async () => {
  const script = await newScript(fresh("artifacts"), { "main.py": WRITES });
  const run = await runOf(script);
  expect(await finished(run)).toBe("succeeded");

  const window = await openWindow();
  const { page } = window;
  await page.goto(`/runs/${run}`);
  await page.getByRole("link", { name: /^Artifacts 4/ }).click();
  const preview = page.getByTestId("preview");
  const list = page.getByTestId("artifacts");

  await list.getByRole("link", { name: /^blue\.png/ }).click();
  const picture = preview.locator("img");
  await picture.waitFor();
  await expect
    .poll(() => picture.evaluate((image: HTMLImageElement) => `${image.naturalWidth} × ${image.naturalHeight}`))
    .toBe("40 × 30");
  await screenshot(page, "artifacts-1-picture");

  await list.getByRole("link", { name: /^totals\.csv/ }).click();
  await preview.getByRole("columnheader", { name: "total" }).waitFor();
  expect(await preview.locator("tbody tr").count()).toBe(500);
  await preview.getByText("The first 500 rows.").waitFor();
  await screenshot(page, "artifacts-2-table");

  await list.getByRole("link", { name: /^notes\.md/ }).click();
  await preview.getByRole("heading", { name: "Notes", exact: true }).waitFor();
  expect(await preview.locator("script, img").count()).toBe(0);
  window.assertClean();

  await list.getByRole("link", { name: /^report\.html/ }).click();
  const frame = preview.frameLocator("iframe");
  await frame.getByRole("heading", { name: "Report" }).waitFor();
  await frame.getByText("quiet").waitFor();
  expect(await frame.getByText("loud").count()).toBe(0);
  expect(await page.title()).not.toBe("taken");
  expect(await preview.locator("iframe").getAttribute("sandbox")).toBe("");
  await screenshot(page, "artifacts-3-page");
  // The browser's own word that it did not run the script is the only complaint.
  window.assertClean(/Blocked script execution|Refused to execute|violates the following Content Security Policy/);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    preview.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("report.html");
  await window.close();
});

it("teaches where to put files when there are none", async () => {
  const script = await newScript(fresh("no-artifacts"), { "main.py": "print(1)\n" });
  const run = await runOf(script);
  await finished(run);
  const window = await openWindow();
  await window.page.goto(`/runs/${run}?tab=artifacts`);
  await window.page.getByText("It left no files").waitFor();
  await window.page.getByText('os.environ["PYTASK_ARTIFACTS"]').waitFor();
  window.assertClean();
  await window.close();
});
