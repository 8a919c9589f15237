import { describe, expect, it } from "vitest";
import type { Frame } from "~/api/types";
import { groupFrames, libraryFile } from "./traceback";

const own = (line: number): Frame => ({ file: "/script/main.py", script_path: "main.py", line });
const library = (line: number): Frame => ({ file: "/env/lib/python3.13/site-packages/requests/api.py", line });

describe("groupFrames", () => {
  it("folds neighbours of libraries and keeps the order", () => {
    const groups = groupFrames([own(1), library(2), library(3), own(4), library(5)]);
    expect(groups.map((group) => (group.own ? group.frame.line : group.frames.map((frame) => frame.line)))).toEqual([
      1,
      [2, 3],
      4,
      [5],
    ]);
  });
});

it("libraries' files are short", () => {
  expect(libraryFile("/env/lib/python3.13/site-packages/requests/api.py")).toBe("requests/api.py");
  expect(libraryFile("/usr/local/lib/python3.13/json/decoder.py")).toBe("json/decoder.py");
  expect(libraryFile("<string>")).toBe("<string>");
});
