import { expect, it } from "vitest";
import { EDITABLE_BYTES, fileWords, waysOf } from "./how";

const entry = (path: string, text: boolean, size = 10) => ({
  path,
  text,
  size,
  kind: "file" as const,
  tracked: true,
  modified_at: "2026-03-01T00:00:00Z",
});

it("edits text of a bearable size, previews what has a look of its own", () => {
  expect(waysOf(entry("main.py", true))).toEqual({ edit: true, preview: false });
  expect(waysOf(entry("README.md", true))).toEqual({ edit: true, preview: true });
  expect(waysOf(entry("logo.png", false))).toEqual({ edit: false, preview: true });
  expect(waysOf(entry("logo.svg", true))).toEqual({ edit: true, preview: true });
  expect(waysOf(entry("big.csv", true, EDITABLE_BYTES + 1))).toEqual({ edit: false, preview: true });
  expect(waysOf(entry("model.bin", false))).toEqual({ edit: false, preview: true });
  expect(waysOf(undefined)).toEqual({ edit: true, preview: false });
});

it("says what a file is", () => {
  expect(fileWords(entry("a.py", true))).toBe("Python");
  expect(fileWords(entry("a.png", false))).toBe("Picture (png)");
  expect(fileWords(entry("blob", false))).toBe("Binary file");
});
