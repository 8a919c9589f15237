// Scripts whose packages are in the states that are hard to bring about: a check that found something, environments
// to go back to, a block in the file that says something else or cannot be read, files that are gone, a module missing.
import { outcome } from "./outcomes.mjs";

const DAY = 86_400_000;
const NONE = { added: [], removed: [], changed: [] };
const MORE = {
  requests: { newest: "2.34.0", required_by: [] },
  certifi: { newest: "2026.2.25", required_by: ["requests"] },
  "charset-normalizer": { newest: "3.4.6", required_by: ["requests"] },
  idna: { newest: "3.11", required_by: ["requests"] },
  urllib3: { newest: "2.7.0", required_by: ["requests"], installed: "2.6.2" },
};

export function seedPackages({ report, scrape, train }, { newRun, newScript, ago }) {
  const environment = (key, days, more) => ({
    key,
    lock_hash: key,
    created_at: ago(days * DAY),
    live_at: ago(days * DAY),
    live: false,
    packages: 5,
    requirements: ["requests>=2"],
    changes: NONE,
    damage: null,
    ...more,
  });
  report.packages = report.packages.map((each) => ({ ...each, ...MORE[each.name] }));
  report.inline = { state: "in_step", in_file: ["requests>=2"], in_list: ["requests>=2"], line: 0 };
  const check = newRun(report, "build", {
    state: "finished",
    outcome: outcome("succeeded"),
    queued_at: ago(5 * 3_600_000),
    started_at: ago(5 * 3_600_000 - 300),
    finished_at: ago(5 * 3_600_000 - 4000),
    build: { action: "check", packages: [], build_from_source: [], exclude_newer: ago(7 * DAY) },
  });
  report.check = {
    run_id: check.id,
    current: true,
    finished_at: check.finished_at,
    changes: {
      changed: [
        { name: "charset-normalizer", from: "3.4.5", to: "3.4.6" },
        { name: "requests", from: "2.33.1", to: "2.34.0" },
        { name: "urllib3", from: "2.6.3", to: "2.7.0" },
      ],
      added: [{ name: "zstandard", version: "0.25.0" }],
      removed: [],
    },
  };
  report.environments = [
    environment("b3f1", 3, { live: true }),
    environment("b3f0", 21, {
      packages: 4,
      changes: {
        added: [],
        removed: [{ name: "charset-normalizer", version: "3.4.5" }],
        changed: [{ name: "requests", from: "2.33.1", to: "2.31.0" }],
      },
    }),
    environment("b3ef", 60, { damage: "lib/python3.13/site-packages/idna/core.py is missing" }),
  ];

  scrape.inline = {
    state: "conflict",
    in_file: ["httpx>=0.28", "selectolax", "rich"],
    in_list: ["httpx", "selectolax"],
    line: 0,
  };
  train.inline = {
    state: "unreadable",
    in_file: [],
    in_list: ["pandas==9.9"],
    line: 2,
    column: 4,
    message: "Expected an array of strings.",
  };

  newScript("invoice-mailer", "Sends last month's invoices", ["reports"], {
    requirements: ["jinja2"],
    packages: [
      { name: "jinja2", asked: "jinja2", locked: "3.1.6", installed: "3.1.6" },
      { name: "markupsafe", asked: null, locked: "3.0.3", installed: null, required_by: ["jinja2"] },
    ],
    environment: {
      state: "broken",
      lock_hash: "aa77",
      build_run_id: null,
      packages: 2,
      message: "lib/python3.13/site-packages/markupsafe/__init__.py is missing; rebuild the environment",
    },
  });
  const yaml = newScript("read-config", "Reads the house's settings", ["home"], {
    files: new Map([
      ["main.py", { body: Buffer.from("import yaml\n\nprint(yaml.safe_load('a: 1'))\n"), version: 1, at: ago(DAY) }],
    ]),
  });
  newRun(yaml, "script", {
    state: "finished",
    queued_at: ago(4 * 60_000),
    started_at: ago(4 * 60_000 - 300),
    finished_at: ago(4 * 60_000 - 900),
    exit_code: 1,
    outcome: {
      kind: "failed",
      exit_code: 1,
      message: "Failed with exit code 1: ModuleNotFoundError: No module named 'yaml' (main.py, line 1)",
      stderr_tail: ["ModuleNotFoundError: No module named 'yaml'"],
      missing_module: { module: "yaml", package: "pyyaml" },
      traceback: {
        exception: "ModuleNotFoundError",
        message: "No module named 'yaml'",
        frames: [
          { file: "/script/main.py", line: 1, function: "<module>", code: "import yaml", script_path: "main.py" },
        ],
        location: { path: "main.py", line: 1 },
      },
    },
  });
}
