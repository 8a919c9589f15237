// A log of ten million lines and a flood of 100 MB a second: what is shown is right, it is there at once, and the page
// needs as much memory as for ten lines. Prints what was measured.
import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, finished, fresh, newScript, openWindow, runOf, screenshot, type Theme, type Window } from "./product";

const LINES = Number(process.env.LOG_LINES ?? 10_000_000);
const MIB = 1024 * 1024;

// Line `n` begins with its number and is about 100 bytes long. A traceback stands at the end.
const MANY = `LINES = ${LINES}

import sys

out = sys.stdout.buffer
for first in range(1, LINES + 1, 10000):
    out.write(b"".join(b"line %d ok read %d rows of orders.csv into the warehouse, batch %d, and so on, and so on\\n" % (n, n * 37 % 1000, n % 512) for n in range(first, min(first + 10000, LINES + 1))))
out.flush()
{}["total"]
`;
const FLOOD = `LINES = 900000000

# Prints forever, as fast as it goes.
import sys

out = sys.stdout.buffer
n = 1
while n < LINES:
    out.write(b"".join(b"line %d ok read %d rows of orders.csv into the warehouse, batch %d, and so on, and so on\\n" % (i, i * 37 % 1000, i % 512) for i in range(n, n + 10000)))
    n += 10000
`;

let window: Window;
let page: Page;
let cdp: CDPSession;
let script = "";
let run = "";

beforeAll(async () => {
  script = await newScript(
    fresh("ten-million"),
    { "main.py": MANY },
    { limits: { log_bytes: 1536 * MIB, fsize_bytes: 4096 * MIB } },
  );
  run = await runOf(script);
  await finished(run);
  window = await openWindow();
  page = window.page;
  cdp = await window.context.newCDPSession(page);
  await cdp.send("Performance.enable");
}, 600_000);
afterAll(() => window.close());

const log = () => page.getByTestId("log");
const rowOf = (line: number) => log().locator(`[data-line="${line}"]`);

/** Of the page's own objects, after a collection; and how many nodes its documents have. */
async function memory(): Promise<{ heap: number; nodes: number }> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heap: of("JSHeapUsedSize"), nodes: of("Nodes") };
}

/** Milliseconds between frames while `during` goes on. */
async function frames(
  during: () => Promise<void>,
): Promise<{ p50: number; p99: number; worst: number; count: number }> {
  await page.evaluate(() => {
    const times: number[] = [];
    let last = performance.now();
    const tick = (now: number) => {
      times.push(now - last);
      last = now;
      if (Object.hasOwn(globalThis, "frameTimes")) requestAnimationFrame(tick);
    };
    Object.assign(globalThis, { frameTimes: times });
    requestAnimationFrame(tick);
  });
  await during();
  const times = await page.evaluate(() => {
    const { frameTimes } = globalThis as unknown as { frameTimes?: number[] };
    Reflect.deleteProperty(globalThis, "frameTimes");
    return frameTimes ?? [];
  });
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round((times[Math.floor(times.length * share)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), worst: at(0.9999), count: times.length };
}

const print = (what: string, figures: object) => console.log(`${what}: ${JSON.stringify(figures)}`);
const mib = (bytes: number) => Math.round((bytes / MIB) * 10) / 10;

/** Every row that is drawn and loaded tells the number that it has, but for lines of others that may stand before it. */
async function textIsRight(others = 0) {
  const wrong = await page.evaluate(
    (most) =>
      [...document.querySelectorAll<HTMLElement>("[data-line]")]
        .map((row) => ({ row, told: /line (\d+) /.exec(row.textContent ?? "")?.[1] }))
        .filter(({ row, told }) => {
          const before = Number(row.dataset.line) - Number(told);
          return told !== undefined && (before < 0 || before > most);
        })
        .map(({ row }) => row.textContent),
    others,
  );
  expect(wrong).toEqual([]);
}

/** Numbers of the lines that are wholly in sight. */
const inSight = () =>
  page.evaluate(() => {
    const view = document.querySelector("[data-testid=log]");
    const edge = view?.getBoundingClientRect();
    if (!edge) return [];
    return [...document.querySelectorAll<HTMLElement>("[data-line]")]
      .filter((row) => {
        const box = row.getBoundingClientRect();
        return box.top >= edge.top - 1 && box.bottom <= edge.bottom + 1;
      })
      .map((row) => Number(row.dataset.line));
  });

const startOf = (time: Promise<unknown>) => {
  const before = performance.now();
  return time.then(() => Math.round(performance.now() - before));
};

describe("ten million lines", () => {
  it("are there at their end at once", async () => {
    await page.goto("/");
    await page.getByText("Recent runs").waitFor();
    await page.goto(`/runs/${run}`, { waitUntil: "commit" });
    const painted = await startOf(log().locator("[data-line]").last().waitFor());
    await page.getByTestId("log-end").waitFor();
    // Once more with everything loaded: what the log itself takes.
    await page.goto("/runs");
    await page.evaluate((id) => {
      history.pushState({}, "", `/runs/${id}`);
      dispatchEvent(new PopStateEvent("popstate"));
    }, run);
    const warm = await startOf(log().locator("[data-line]").last().waitFor());
    const { total } = await api<{ total: number }>("GET", `/runs/${run}/log/lines?tail=true&limit=1`);
    expect(total).toBeGreaterThanOrEqual(LINES);
    await expect.poll(async () => (await inSight()).at(-1)).toBe(total);
    print("first paint of the tail, ms", { cold: painted, warm });
    await textIsRight();
    await screenshot(page, "log-1-end-dark");
  });

  it("can be gone through, in the middle too, row by row", async () => {
    const before = await memory();
    await page.goto(`/runs/${run}?line=${LINES / 2}`);
    const jumped = await startOf(rowOf(LINES / 2).waitFor());
    await page.getByTestId("log-picked").waitFor();
    expect(await inSight()).toContain(LINES / 2);
    await textIsRight();
    await screenshot(page, "log-2-middle-dark");

    // A turn of the wheel is as many pixels as the browser says, and the bar catches up unseen.
    const [top = 0] = await inSight();
    await log().hover();
    await page.mouse.wheel(0, 200);
    await expect.poll(async () => (await inSight())[0]).toBe(top + 10);
    await expect
      .poll(() => log().evaluate((view) => view.scrollTop))
      .toSatisfy((scrollTop: number) => scrollTop > 3_000_000 && scrollTop < 5_000_000);
    expect((await inSight())[0]).toBe(top + 10);
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await expect.poll(async () => (await inSight())[0]).toBe(top + 11);
    await page.keyboard.press("PageUp");
    await expect.poll(async () => (await inSight())[0]).toBeLessThan(top);

    const wheel = await frames(async () => {
      for (let turn = 0; turn < 120; turn++) {
        await page.mouse.wheel(0, 400);
        await page.waitForTimeout(16);
      }
    });
    await textIsRight();
    const drag = await frames(async () => {
      for (let step = 0; step < 60; step++) {
        await log().evaluate((view, share) => view.scrollTo(0, view.scrollHeight * share), ((step * 37) % 60) / 60);
        await page.waitForTimeout(30);
      }
    });
    await page.keyboard.press("Home");
    await rowOf(1).waitFor();
    expect((await inSight())[0]).toBe(1);
    await page.keyboard.press("End");
    await page.getByTestId("log-end").waitFor();
    await expect.poll(async () => (await inSight()).at(-1)).toBeGreaterThanOrEqual(LINES);
    const after = await memory();
    print("jump to the middle, ms", { jumped });
    print("frames while turning the wheel, ms", wheel);
    print("frames while dragging over the whole log, ms", drag);
    print("memory", { heapMiB: [mib(before.heap), mib(after.heap)], nodes: [before.nodes, after.nodes] });
    expect(after.heap - before.heap).toBeLessThan(24 * MIB);
    expect(after.nodes).toBeLessThan(6000);
    await textIsRight();
  });

  it("are searched, with what is found marked and listed", async () => {
    await page.keyboard.press("/");
    const search = page.getByTestId("log-search");
    await search.getByRole("searchbox").fill(`line ${LINES / 4} `);
    const found = await startOf(search.getByText("1 of 1 line").waitFor({ timeout: 120_000 }));
    await rowOf(LINES / 4)
      .locator("mark")
      .first()
      .waitFor();
    expect(await inSight()).toContain(LINES / 4);
    print("search through everything, ms", { found });

    await search.getByRole("searchbox").fill("batch 77,? |WARNING");
    await search.getByRole("button", { name: "Regular expression" }).click();
    await search.getByRole("button", { name: "List the matches" }).click();
    await page.getByTestId("log-results").getByRole("button").first().waitFor();
    await screenshot(page, "log-3-searching-dark");
    await search.getByRole("button", { name: "Older match" }).click();
    await page.keyboard.press("F3");
    await search.getByText(/^3 of /).waitFor();
    await page.keyboard.press("Shift+F3");
    await search.getByText(/^2 of /).waitFor();
    await search.getByRole("searchbox").fill("(");
    await expect.poll(() => search.getByRole("searchbox").getAttribute("aria-invalid")).toBe("true");
    expect(await search.getByRole("status").textContent()).not.toBe("");
    await screenshot(page, "log-4-refused-dark");
    await search.getByRole("searchbox").fill("orders.csv");
    await search.getByRole("button", { name: "Regular expression" }).click();
    await search.getByText(/^1 of /).waitFor();
    await page.keyboard.press("Escape");
    await search.waitFor({ state: "hidden" });
    expect(await log().locator("mark").count()).toBe(0);
    window.assertClean(/400/);
  });

  it("lead to the first error, and from its frames to the code", async () => {
    await page.keyboard.press("Home");
    await page.keyboard.press("e");
    const head = log().getByText("Traceback (most recent call last)");
    await head.waitFor({ timeout: 120_000 });
    await page.getByTestId("log-picked").waitFor();
    await screenshot(page, "log-5-first-error-dark");
    const place = log().getByRole("link", { name: 'File "/script/main.py"' }).first();
    await place.click();
    await page.waitForURL(/\/code\?file=main\.py&line=\d+/);
    await page.goBack();
    await head.waitFor();
    window.assertClean();
  });

  it("keep lines that were picked in the address", async () => {
    await page.goto(`/runs/${run}?line=1000`);
    await rowOf(1000).waitFor();
    await rowOf(1004)
      .getByRole("link")
      .first()
      .click({ modifiers: ["Shift"] });
    await page.waitForURL(/line=1000-1004$/);
    expect(await log().locator("[data-picked]").count()).toBe(5);
    await page.getByTestId("log-picked").getByRole("button", { name: "Text" }).click();
    await page.getByText("5 lines copied").waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text.split("\n").map((line) => /^line (\d+) /.exec(line)?.[1])).toEqual([
      "1000",
      "1001",
      "1002",
      "1003",
      "1004",
    ]);
    await page.getByTestId("log-picked").getByRole("button", { name: "Link" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
    await screenshot(page, "log-6-picked-dark");
    window.assertClean();
  });
});

describe("wrapped rows of a phone", () => {
  it("are gone to and scrolled through to the pixel, and end at the end", async () => {
    const narrow = await openWindow({ width: 390, height: 844 });
    const { page } = narrow;
    const view = page.getByTestId("log");
    /** How far below the upper edge of the log a line is. */
    const below = (line: number) =>
      page.evaluate((number) => {
        const edge = document.querySelector("[data-testid=log]")?.getBoundingClientRect().top ?? 0;
        const row = document.querySelector(`[data-line="${number}"]`);
        return row ? Math.round(row.getBoundingClientRect().top - edge) : null;
      }, line);
    const height = await (async () => {
      await page.goto(`/runs/${run}?line=250045`);
      await view.locator("[data-line='250045']").waitFor();
      return view.evaluate((element) => element.clientHeight);
    })();
    await expect.poll(() => below(250_045)).toSatisfy((top: number) => top > 0 && top < height - 40);
    await view.hover();
    for (let turn = 0; turn < 12; turn++) {
      const lines = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("[data-line]")].map((row) => Number(row.dataset.line)),
      );
      const line = lines[Math.floor(lines.length / 2)] ?? 0;
      const before = (await below(line)) ?? 0;
      await page.mouse.wheel(0, 90);
      await expect.poll(() => below(line)).toBe(before - 90);
      // The bar is brought to where the place is; the rows stay.
      await page.waitForTimeout(220);
      expect(await below(line)).toBe(before - 90);
    }
    await page.keyboard.press("End");
    await page.getByTestId("log-end").waitFor();
    await expect
      .poll(() =>
        page.evaluate(() => {
          const edge = document.querySelector("[data-testid=log]")?.getBoundingClientRect().bottom ?? 0;
          const last = [...document.querySelectorAll("[data-line]")].at(-1)?.getBoundingClientRect().bottom ?? 0;
          const end = document.querySelector("[data-testid=log-end]")?.getBoundingClientRect().height ?? 0;
          return Math.round(edge - last - end);
        }),
      )
      // Room for what floats above it.
      .toBeLessThan(80);
    await page.keyboard.press("PageUp");
    await page.keyboard.press("g");
    await page.keyboard.press("g");
    await expect.poll(() => below(1)).toBe(0);
    narrow.assertClean();
    await narrow.close();
  });
});

describe("a flood", () => {
  it("is followed with flat memory, and let go of without a jump", async () => {
    const floods = await newScript(
      fresh("flood-of-lines"),
      { "main.py": FLOOD },
      { limits: { log_bytes: 4096 * MIB, fsize_bytes: 9216 * MIB } },
    );
    const flood = await runOf(floods);
    await page.goto(`/runs/${flood}`);
    await log().locator("[data-line]").first().waitFor({ timeout: 60_000 });
    const total = () => log().evaluate((view) => Number((view as HTMLElement).dataset.total));
    await expect.poll(total, { timeout: 60_000 }).toBeGreaterThan(100_000);
    const before = { ...(await memory()), total: await total(), at: performance.now() };
    const seen = await frames(() => page.waitForTimeout(8000));
    const seconds = (performance.now() - before.at) / 1000;
    const after = { ...(await memory()), total: await total() };
    await textIsRight();
    await screenshot(page, "log-7-flood-dark");
    print("flood", {
      linesPerSecond: Math.round((after.total - before.total) / seconds),
      frames: seen,
      heapMiB: [mib(before.heap), mib(after.heap)],
      nodes: [before.nodes, after.nodes],
    });
    expect(after.heap - before.heap).toBeLessThan(10 * MIB);

    await log().hover();
    await page.mouse.wheel(0, -300);
    await page.getByRole("button", { name: /new lines/ }).waitFor();
    await page.waitForTimeout(300);
    const still = await inSight();
    await page.waitForTimeout(1500);
    expect(await inSight()).toEqual(still);
    await textIsRight();
    await screenshot(page, "log-8-let-go-dark");
    await page.getByRole("button", { name: /new lines/ }).click();
    await expect.poll(() => log().getAttribute("data-following")).toBe("true");
    await api("POST", `/runs/${flood}/cancel`);
    await page.getByTestId("log-end").waitFor({ timeout: 60_000 });
    // The sentence that it is asked to stop stands between what it still printed.
    await textIsRight(1);
    window.assertClean();
  });
});

const LOOKS: { look: string; theme: Theme; width: number; height: number }[] = [
  { look: "dark", theme: "dark", width: 1360, height: 860 },
  { look: "light", theme: "light", width: 1360, height: 860 },
  { look: "phone", theme: "light", width: 390, height: 844 },
];

describe.each(LOOKS)("looks, $look", ({ look, theme, width, height }) => {
  let other: Window;
  beforeAll(async () => {
    other = await openWindow({ theme, width, height });
  });
  afterAll(() => other.close());

  it("in every state", async () => {
    const { page } = other;
    const log = page.getByTestId("log");
    const tool = async (name: string, item: string) => {
      if (look === "phone") await page.getByRole("button", { name: "More tools" }).click();
      else await page.getByRole("button", { name, exact: true }).click();
      await screenshot(page, `log-menu-${name.toLowerCase()}-${look}`);
      await page.getByRole("menuitemradio", { name: item }).click();
    };
    await page.goto(`/runs/${run}`);
    await page.getByTestId("log-end").waitFor();
    await screenshot(page, `log-end-${look}`);
    await tool("Streams", "Only stderr");
    await log.locator("[data-stream=stderr]").first().waitFor();
    await page.keyboard.press("t");
    await log.locator("time").first().waitFor();
    await screenshot(page, `log-stderr-times-${look}`);
    await tool("Streams", "All output");
    await page.goto(`/runs/${run}?line=250040-250052`);
    await log.locator("[data-line='250051']").waitFor();
    await screenshot(page, `log-long-wrapped-${look}`);
    await page.keyboard.press("w");
    await screenshot(page, `log-long-${look}`);
    await page.keyboard.press("w");
    await page.keyboard.press("t");
    await page.keyboard.press("/");
    await page.getByRole("searchbox").fill("batch 77");
    if ((await page.getByTestId("log-results").count()) === 0)
      await page.getByRole("button", { name: "List the matches" }).click();
    await page.getByTestId("log-results").getByRole("button").first().waitFor();
    await screenshot(page, `log-search-${look}`);
    await page.keyboard.press("Escape");
    await page.goto(`/scripts/${script}/code`);
    await page.getByTestId("log-end").waitFor();
    await screenshot(page, `log-dock-${look}`);
    other.assertClean();
  });
});
