import { expect, it } from "vitest";
import { isChanged, newRow, problemOf, remarkOf, replacing, rowsOf, toggled, wishesOf, withEntries } from "./draft";
import type { Variable } from "./requests";

const variable = (part: Partial<Variable>): Variable => ({
  name: "A",
  value: null,
  secret: false,
  description: "",
  updated_at: "2026-11-25T08:00:00Z",
  masked: false,
  to_be_entered: false,
  trouble: null,
  ...part,
});
const plain = variable({ name: "REGION", value: "eu" });
const secret = variable({ name: "TOKEN", secret: true, masked: true });
const open = variable({
  name: "KEY",
  secret: true,
  to_be_entered: true,
  trouble: "the secret KEY has no value yet; …",
});

it("asks for nothing new where nothing was typed", () => {
  const stored = [plain, secret, open];
  const rows = rowsOf(stored);
  expect(wishesOf(rows)).toEqual([
    { name: "REGION", secret: false, description: "", value: "eu" },
    { name: "TOKEN", secret: true, description: "" },
    { name: "KEY", secret: true, description: "" },
  ]);
  expect(isChanged(rows, stored)).toBe(false);
  expect(isChanged([...rows, newRow()], stored)).toBe(false);
  expect(isChanged(rows.slice(1), stored)).toBe(true);
});

it("replaces a secret only with what is typed", () => {
  const [row] = rowsOf([secret]);
  if (!row) throw new Error("a row");
  const typing = replacing(row, true);
  expect(problemOf(typing, [typing])).toMatch(/needs a value/);
  expect(wishesOf([{ ...typing, value: "hunter2" }])).toEqual([
    { name: "TOKEN", secret: true, description: "", value: "hunter2" },
  ]);
  expect(wishesOf([replacing(typing, false)])).toEqual(wishesOf([row]));
  // Made plain, it has to be typed; made a secret again, it is what it was.
  const shown = toggled(row, false);
  expect(shown.value).toBe("");
  expect(toggled(shown, true).value).toBeNull();
});

it.each([
  ["", /needs a name/],
  ["A-B", /letters, digits/],
  ["PYTASK_RUN_ID", /PYTASK_/],
  ["PATH", /set by/],
])("refuses the name %s", (name, why) => {
  const row = newRow({ name, value: "1" });
  expect(problemOf(row, [row])).toMatch(why);
});

it("refuses a name twice and lets an empty row be", () => {
  const rows = [newRow({ name: "A" }), newRow({ name: "A " }), newRow()];
  expect(rows.map((row) => problemOf(row, rows))).toEqual([
    expect.stringMatching(/twice/),
    expect.stringMatching(/twice/),
    null,
  ]);
});

it("says what is worth a thought", () => {
  const remark = (part: Parameters<typeof newRow>[0]) => remarkOf(newRow(part));
  expect(remark({ name: "A", value: "12345", secret: true })).toMatch(/not masked/);
  expect(remark({ name: "A", value: " 12345\n", secret: true })).toMatch(/not masked/);
  expect(remark({ name: "A", value: "123456", secret: true })).toBeNull();
  expect(remark({ name: "A", value: "12345" })).toBeNull();
  expect(rowsOf([variable({ secret: true, masked: false })]).map(remarkOf)).toEqual([
    expect.stringMatching(/not masked/),
  ]);
  expect(rowsOf([open]).map(remarkOf)).toEqual([expect.stringMatching(/still to be entered/)]);
  expect(rowsOf([plain]).map((row) => remarkOf(toggled(row, true)))).toEqual([
    expect.stringMatching(/no secret so far/),
  ]);
});

it("takes over what a file has", () => {
  const rows = withEntries(rowsOf([plain, secret]), [
    { name: "TOKEN", value: "new", secret: false },
    { name: "MORE", value: "1", secret: true },
  ]);
  expect(wishesOf(rows)).toEqual([
    { name: "REGION", secret: false, description: "", value: "eu" },
    { name: "TOKEN", secret: true, description: "", value: "new" },
    { name: "MORE", secret: true, description: "", value: "1" },
  ]);
});
