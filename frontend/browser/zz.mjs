import { chromium } from "playwright-core";
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox","--disable-gpu"] });
const p = await b.newPage({ viewport: { width: 1280, height: 800 } });
p.on("console", m => console.log(m.text())); p.on("pageerror", e => console.log("ERR", e.message));
for (const [i, u] of process.argv.slice(2).entries()) { await p.goto("http://127.0.0.1:8498" + u); await p.waitForTimeout(3000); await p.screenshot({ path: `/tmp/w/zz${i}.png` }); }
await b.close();
