// Files that pretended runs left: one of every kind that the interface shows or refuses to show.
import { crc32, deflateSync } from "node:zlib";

const AT = Date.now() - 120_000;

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** Bars on a transparent ground. */
export function png(width, height) {
  const rows = [];
  for (let y = 0; y < height; y++) {
    const row = Buffer.alloc(1 + width * 4);
    for (let x = 0; x < width; x++) {
      const bar = Math.floor(x / 40);
      const top = height * (0.85 - 0.7 * Math.abs(Math.sin(bar * 0.7 + 0.4)));
      if (y > top && x % 40 > 6) row.set([110, 96 + bar * 10, 220, 255], 1 + x * 4);
    }
    rows.push(row);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const csv = `day,country,orders,amount,remark\n${Array.from({ length: 700 }, (_, i) => {
  const day = new Date(Date.UTC(2025, 0, 1 + Math.floor(i / 3))).toISOString().slice(0, 10);
  return `${day},${["DE", "FR", "PL"][i % 3]},${(i * 37) % 211},${((i * 7919) % 100_000) / 100},${i % 50 === 0 ? '"late, and ""partial"""' : ""}`;
}).join("\n")}\n`;

const html = `<!doctype html><title>Orders</title><style>body{font:15px sans-serif;margin:2em;color:#222}td{padding:4px 12px;border:1px solid #ccc}</style>
<h1>Orders by country</h1><table><tr><td>DE</td><td>1,204</td></tr><tr><td>FR</td><td>877</td></tr></table>
<p id="said">No script ran.</p><script>document.getElementById("said").textContent = "A SCRIPT RAN"; parent.document.title = "taken";</script>`;

const markdown = `# Nightly report

**2,081 orders** in three countries, *4 %* more than the week before.

| country | orders | amount |
| ------- | -----: | -----: |
| DE      |  1,204 | 98,410 |
| FR      |    877 | 61,002 |

- [x] posted to the channel
- [ ] two rows without a customer, see \`orders.csv\`

![chart](https://example.org/chart.png) <script>alert(1)</script>

> Totals are in euros.

\`\`\`python
print(totals.most_common(3))
\`\`\`
`;

const pdf = `%PDF-1.1
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F1 18 Tf 40 80 Td (Orders, page 1) Tj ET
endstream endobj
trailer<</Root 1 0 R>>
`;

const TEXT = "text/plain; charset=utf-8";
const file = ([path, kind, body, type = TEXT], i) => ({
  entry: { path, kind, size: Buffer.byteLength(body), modified_at: new Date(AT + i * 4000).toISOString() },
  body: Buffer.from(body),
  type,
});

/** What the browser tests' script writes. */
const TESTED = [
  ["charts/blue.png", "image", png(40, 30), "image/png"],
  ["notes.md", "markdown", "# Notes\n\n<script>alert(1)</script>\n\n![far](https://example.org/x.png)\n"],
  [
    "report.html",
    "html",
    "<h1>Report</h1><p id=said>quiet</p><script>document.getElementById('said').textContent = 'loud'</script>",
    "text/html; charset=utf-8",
  ],
  ["totals.csv", "csv", `day,total\n${"2026-03-01,5\n".repeat(620)}`],
].map(file);

const FILES = [
  ["charts/orders-by-country.png", "image", png(560, 280), "image/png"],
  ["orders.csv", "csv", csv],
  ["report.html", "html", html, "text/html; charset=utf-8"],
  ["report.md", "markdown", markdown],
  ["report.pdf", "pdf", pdf, "application/pdf"],
  ["summary.json", "json", JSON.stringify({ orders: 2081, countries: { DE: 1204, FR: 877 }, ok: true, late: [] })],
  ["notes.txt", "text", "Two rows without a customer.\n<b>not bold</b>\n"],
  ["everything.log", "text", Buffer.alloc(3 * 1024 * 1024, "x")],
  ["model.bin", "other", Buffer.alloc(65_536), "application/octet-stream"],
].map(file);

/** Those that the script names, if it speaks of artifacts at all; the example has one of every kind. */
function filesOf(script) {
  const text = script.files.get(script.entry_point)?.body.toString() ?? "";
  if (script.name === "nightly-report") return FILES;
  return text.includes("PYTASK_ARTIFACTS") ? TESTED : [];
}

export const artifactsOf = (script) => ({ items: filesOf(script).map(({ entry }) => entry), truncated: false });

export const summaryOf = (run, script) => {
  const files = run.kind === "script" && script ? filesOf(script) : [];
  return { files: files.length, bytes: files.reduce((sum, { body }) => sum + body.length, 0) };
};

/** What the product answers: as a download, or to be looked at with a type and a policy that can do no harm. */
export function artifact(script, path, view) {
  const found = filesOf(script).find(({ entry }) => entry.path === path);
  if (!found) return null;
  const name = path.split("/").at(-1);
  return {
    bytes: found.body,
    headers: {
      "content-type": view ? found.type : "application/octet-stream",
      "content-disposition": `${view ? "inline" : "attachment"}; filename="${name}"`,
      // A PDF's viewer does not start in a sandbox; it has no scripts of this origin to fear.
      "content-security-policy":
        found.entry.kind === "pdf"
          ? "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
          : "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'",
      "x-content-type-options": "nosniff",
    },
  };
}
