import { expect, it } from "vitest";
import { missingImport } from "./missing-import";

it("is what the language server says of an import, and nothing else", () => {
  const problem = (code: string | undefined, message: string) => missingImport({ code, message });
  expect(problem("import-not-found", "Cannot resolve imported module `yaml`\n\ninfo: `x`")).toBe("yaml");
  expect(problem("unresolved-import", "Cannot resolve imported module `google.cloud.storage`")).toBe(
    "google.cloud.storage",
  );
  expect(problem("unresolved-import", "Cannot resolve imported module `.helpers`")).toBeNull();
  expect(problem("unresolved-reference", "Name `yaml` used when not defined")).toBeNull();
  expect(problem(undefined, "`yaml`")).toBeNull();
});
