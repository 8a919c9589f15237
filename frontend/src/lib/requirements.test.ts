import { describe, expect, it } from "vitest";
import { withoutPackage, withPackage } from "./requirements";

describe("a list of requirements", () => {
  it("gains and loses a package whatever way its name is written", () => {
    expect(withoutPackage(["PyYAML>=6", "ruamel.yaml", "rich"], "pyyaml")).toEqual(["ruamel.yaml", "rich"]);
    expect(withoutPackage(["ruamel.yaml[jinja2]"], "ruamel-yaml")).toEqual([]);
    expect(withPackage(["rich"], "pyyaml")).toEqual(["rich", "pyyaml"]);
    expect(withPackage(["PyYAML==6.0"], "pyyaml")).toEqual(["PyYAML==6.0"]);
  });
});
