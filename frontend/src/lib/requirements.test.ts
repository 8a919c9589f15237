import { describe, expect, it } from "vitest";
import { withMended, withoutPackage, withPackage } from "./requirements";

describe("a list of requirements", () => {
  it("gains and loses a package whatever way its name is written", () => {
    expect(withoutPackage(["PyYAML>=6", "ruamel.yaml", "rich"], "pyyaml")).toEqual(["ruamel.yaml", "rich"]);
    expect(withoutPackage(["ruamel.yaml[jinja2]"], "ruamel-yaml")).toEqual([]);
    expect(withPackage(["rich"], "pyyaml")).toEqual(["rich", "pyyaml"]);
    expect(withPackage(["PyYAML==6.0"], "pyyaml")).toEqual(["PyYAML==6.0"]);
  });
  it("keeps what else is asked of a package whose name is mended, and names none twice", () => {
    expect(withMended(["rich", "reqeusts[socks]>=2; python_version > '3'"], 1, "requests")).toEqual([
      "rich",
      "requests[socks]>=2; python_version > '3'",
    ]);
    expect(withMended([" reqeusts"], 0, "requests")).toEqual([" requests"]);
    expect(withMended(["Requests>=2", "reqeusts", "rich"], 1, "requests")).toEqual(["Requests>=2", "rich"]);
  });
});
