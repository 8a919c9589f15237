import { expect, it } from "vitest";
import { isNarrowed, parseScriptsSearch } from "./search";

const set = (from: Record<string, unknown>) => JSON.parse(JSON.stringify(parseScriptsSearch(from)));

it("reads what an address may say", () => {
  expect(
    set({ q: 12, tags: "web, daily,web", outcome: "failed,none", scheduled: "false", paused: true, sort: "next_run" }),
  ).toEqual({ q: "12", tags: "web,daily", outcome: "failed,none", scheduled: false, paused: true, sort: "next_run" });
});
it("leaves out what cannot be meant", () => {
  expect(
    set({ outcome: "lorry", environment: "sunny", sort: "size", paused: "perhaps", new: "car", trash: "no" }),
  ).toEqual({});
  expect(set({ sort: "name", reverse: false })).toEqual({});
});
it("understands older addresses and tags that are numbers", () => {
  expect(set({ tags: ["web", 2026], new: true })).toEqual({ tags: "web,2026", new: "blank" });
  expect(set({ tags: 2026 })).toEqual({ tags: "2026" });
});
it("knows what narrows the list", () => {
  expect(isNarrowed({ paused: false })).toBe(true);
  expect(isNarrowed({ sort: "last_run", trash: true })).toBe(false);
});
