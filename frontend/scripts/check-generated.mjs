// Fails when src/api/schema.d.ts is not what openapi.json generates: the document is the contract.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const fresh = join(mkdtempSync(join(tmpdir(), "schema-")), "schema.d.ts");
execFileSync(
  "npx",
  ["openapi-typescript", "openapi.json", "--output", fresh, "--alphabetize", "--default-non-nullable=false"],
  { stdio: "ignore" },
);
if (readFileSync(fresh, "utf8") !== readFileSync("src/api/schema.d.ts", "utf8")) {
  console.error(
    "src/api/schema.d.ts is not generated from openapi.json: run `npm run generate` and commit the result.",
  );
  process.exit(1);
}
