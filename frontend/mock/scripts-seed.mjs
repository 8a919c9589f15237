// Many scripts, for what only shows among many: `MOCK_SCRIPTS=500`. And the templates that scripts start from.
import { ago, newRun, newScript } from "./data.mjs";
import { outcome } from "./outcomes.mjs";

const HOUR = 3_600_000;
const WHAT = ["invoice", "orders", "photos", "sensor", "backup", "weather", "stock", "mail", "calendar", "metrics"];
const HOW = ["export", "import", "sync", "report", "cleanup", "check", "watch", "merge", "archive", "digest"];
const WHERE = ["north", "south", "berlin", "lyon", "nas", "cloud", "lab"];
const TAGS = ["daily", "hourly", "reports", "web", "home", "finance", "ml", "ops"];
const ENDS = ["succeeded", "succeeded", "succeeded", "succeeded", "failed", "succeeded", "timed_out", "succeeded"];
const ENVIRONMENTS = ["not_needed", "in_step", "in_step", "needs_install", "missing", "failed"];

/** The same ones every time, however many. */
export function seedMany(count) {
  for (let i = 0; i < count; i++) {
    const [what, how, where] = [WHAT[i % 10], HOW[Math.floor(i / 10) % 10], WHERE[Math.floor(i / 100) % 7]];
    const code = `import ${i % 3 ? "requests" : "sqlite3"}\n\n# ${what} of ${where}\nprint("${how} number ${i}")\n`;
    const script = newScript(
      `${what}-${how}-${where}`,
      `The ${how} of ${what} for ${where}, number ${i}`,
      TAGS.filter((_, at) => (i + at) % (at + 3) === 0).slice(0, 3),
      {
        paused: i % 17 === 3,
        files: new Map([["main.py", { body: Buffer.from(code), version: 1, at: ago(HOUR) }]]),
        environment: {
          state: ENVIRONMENTS[i % ENVIRONMENTS.length],
          lock_hash: null,
          build_run_id: null,
          packages: i % 9,
          message: null,
        },
        pretended: i % 3 ? { schedules: 1, next: ((i * 37) % 2880) * 60_000 + 60_000 } : undefined,
      },
    );
    const past = i % 13 === 5 ? 0 : i % 5 === 0 ? 4 : 20;
    for (let run = past; run > 0; run--) {
      const kind = ENDS[(i * 7 + run * 3) % ENDS.length];
      const begun = run * HOUR * (1 + (i % 24)) + i * 60_000;
      newRun(script, "script", {
        state: "finished",
        outcome: outcome(kind),
        queued_at: ago(begun),
        started_at: ago(begun - 300),
        finished_at: ago(begun - 300 - ((run * 7919 + i * 31) % 90_000)),
        exit_code: kind === "succeeded" ? 0 : 1,
      });
    }
  }
}

const main = (body) => `${body.trim()}\n`;

export const TEMPLATES = [
  {
    id: "blank",
    name: "Blank",
    description: "A main.py that says hello.",
    requirements: [],
    files: { "main.py": main('print("Hello")') },
  },
  {
    id: "api-to-csv",
    name: "HTTP API to CSV",
    description: "Asks an API page by page, tries again where it fails, and leaves a CSV file among the artifacts.",
    requirements: ["httpx", "tenacity"],
    files: { "main.py": main('import httpx\n\nprint("rows")') },
  },
  {
    id: "pandas-report",
    name: "Report with a chart",
    description: "Reads a table, sums it up, and leaves a picture and a page among the artifacts.",
    requirements: ["pandas", "matplotlib"],
    files: { "main.py": main('import pandas\n\nprint("chart")'), "orders.csv": "country,amount\nDE,120\n" },
  },
  {
    id: "sqlite-backup",
    name: "SQLite backup",
    description: "Copies a database while it is in use, checks the copy, keeps the last fourteen.",
    requirements: [],
    files: { "main.py": main('import sqlite3\n\nprint("copied")') },
  },
  {
    id: "page-watcher",
    name: "Web page watcher",
    description: "Remembers what a page said and fails with the difference when it says something else.",
    requirements: ["httpx", "selectolax"],
    files: { "main.py": main('import httpx\n\nprint("the same")') },
  },
  {
    id: "housekeeping",
    name: "Folder housekeeping",
    description: "Lists what is old or large in a folder, and removes it once you allow that.",
    requirements: [],
    files: { "main.py": main('print("nothing old")') },
  },
  {
    id: "webhook-report",
    name: "Message to a channel",
    description: "Posts a short report to a webhook or by e-mail, with a time limit and a clear failure.",
    requirements: ["httpx"],
    files: { "main.py": main('import httpx\n\nprint("sent")') },
  },
];
