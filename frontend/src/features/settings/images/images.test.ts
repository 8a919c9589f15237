import { describe, expect, it } from "vitest";
import type { RunnerImage } from "~/api/types";
import { describeImage, namesIn, progressOf, usersOf } from "./images";

const image = (part: Partial<RunnerImage>): RunnerImage => ({
  name: "python:3.11",
  own: false,
  base: "python:3.11",
  system_packages: [],
  state: "ready",
  scripts: [],
  added_at: "2026-01-01T00:00:00Z",
  ...part,
});

describe("an image in words", () => {
  it("says what is known of it and no more", () => {
    expect(describeImage(image({}))).toBe("");
    expect(describeImage(image({ python: "3.11.2", origin: "found" }))).toBe("Python 3.11.2");
    expect(describeImage(image({ python: "3.11.2", origin: "pulled", name: "old" }))).toBe(
      "Python 3.11.2 · python:3.11",
    );
    expect(
      describeImage(image({ python: "3.11.2", origin: "built", size_bytes: 1024, system_packages: ["ffmpeg", "jq"] })),
    ).toBe("Python 3.11.2 · 1 KiB · built on python:3.11 with ffmpeg, jq");
  });
  it("names the first few scripts that use it", () => {
    expect(usersOf(image({ own: true }))).toBe("for scripts that name none");
    expect(usersOf(image({}))).toBe("no script uses it");
    expect(usersOf(image({ scripts: ["a", "b"] }))).toBe("used by a, b");
    expect(usersOf(image({ scripts: ["a", "b", "c", "d", "e", "f", "g"] }))).toBe("used by a, b, c, d, e and 2 more");
  });
  it("says how far it is, with a share only where there is one", () => {
    const at = (phase: "waiting" | "pulling" | "building", part: number, whole: number) =>
      progressOf({ phase, part, whole, lines: [] });
    expect(at("waiting", 0, 0)).toEqual({ words: "Waiting for the engine", share: null });
    expect(at("pulling", 512, 1024)).toEqual({ words: "Pulling, 512 B of 1 KiB", share: 0.5 });
    expect(at("building", 0, 4)).toEqual({ words: "Building, step 1 of 4", share: 0 });
    expect(at("building", 4, 4).words).toBe("Building, step 4 of 4");
  });
});

it("takes names apart however they are separated", () => {
  expect(namesIn(" ffmpeg, jq\nlibpq5 ")).toEqual(["ffmpeg", "jq", "libpq5"]);
  expect(namesIn("  ")).toEqual([]);
});
