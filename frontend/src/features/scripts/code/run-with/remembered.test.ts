import { expect, it } from "vitest";
import { forgetRuns, isSecretName, lately, rememberRun } from "./remembered";

it("keeps the last few, each once, the newest first", () => {
  for (let i = 0; i < 7; i++) rememberRun("s", { args: [String(i)], env: {} });
  rememberRun("s", { args: ["4"], env: {} });
  expect(lately("s").map((each) => each.args[0])).toEqual(["4", "6", "5", "3", "2"]);
  expect(lately("other")).toEqual([]);
  forgetRuns("s");
  expect(lately("s")).toEqual([]);
});

it("keeps no secret and nothing empty", () => {
  rememberRun("s", { args: [], env: { API_TOKEN: "hunter2", REGION: "eu" } });
  expect(lately("s")).toEqual([{ args: [], env: { API_TOKEN: "", REGION: "eu" } }]);
  expect(JSON.stringify({ ...localStorage })).not.toContain("hunter2");
  rememberRun("t", { args: [], env: {} });
  expect(lately("t")).toEqual([]);
});

it("knows names of secrets", () => {
  for (const name of ["PASSWORD", "DB_PASS", "GITHUB_TOKEN", "ApiKey", "MY_SECRET"])
    expect(isSecretName(name)).toBe(true);
  for (const name of ["DAY", "REGION", "COMPASS_X"]) expect(isSecretName(name)).toBe(false);
});

it("survives nonsense in storage", () => {
  localStorage.setItem("pytask.run-with.s", '[{"args":[1]},"x",null]');
  expect(lately("s")).toEqual([]);
});
