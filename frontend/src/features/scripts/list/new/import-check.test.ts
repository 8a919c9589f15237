import { expect, it } from "vitest";
import { cannotImport } from "./import-check";

it("takes what can be unpacked, and names what cannot be", () => {
  for (const name of ["a.py", "a.ZIP", "a.tar.gz", "a.tgz"]) expect(cannotImport({ name, size: 10 })).toBeNull();
  expect(cannotImport({ name: "photo.png", size: 10 })).toMatch(/^photo\.png is none of/);
  expect(cannotImport({ name: "folder.zip", size: 0 })).toMatch(/empty, or a folder/);
  expect(cannotImport({ name: "big.zip", size: 65 * 1024 * 1024 })).toMatch(/65 MiB; at most 64 MiB/);
});
