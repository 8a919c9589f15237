import { describe, expect, it } from "vitest";
import { parseQuantity } from "./quantity";

const MIB = 1024 ** 2;

describe("parseQuantity", () => {
  it("takes a bare number in the field's unit", () => {
    expect(parseQuantity("512", "mebibytes")).toBe(512 * MIB);
    expect(parseQuantity("2", "gibibytes")).toBe(2048 * MIB);
    expect(parseQuantity(" 90 ", "seconds")).toBe(90);
    expect(parseQuantity("0.5", "cores")).toBe(0.5);
    expect(parseQuantity("64", "count")).toBe(64);
  });
  it("takes units as people write them", () => {
    expect(["1.5 GiB", "1,5g", "1536MB", "1536 m"].map((text) => parseQuantity(text, "mebibytes"))).toEqual(
      Array(4).fill(1536 * MIB),
    );
    expect(["1 h 30 min", "90m", "90 minutes", "5400"].map((text) => parseQuantity(text, "seconds"))).toEqual(
      Array(4).fill(5400),
    );
  });
  it("takes parts of a second where they matter, and days", () => {
    expect(["1.5", "250 ms", "1 min 30 s"].map((text) => parseQuantity(text, "time"))).toEqual([1.5, 0.25, 90]);
    expect(["90", "90 days", "2 weeks", "1 year"].map((text) => parseQuantity(text, "days"))).toEqual([
      90, 90, 14, 365,
    ]);
  });
  it("refuses what it does not understand", () => {
    for (const text of ["", "lots", "-1", "1 2", "5 parsecs", "1e3"])
      expect(parseQuantity(text, "mebibytes")).toBeNull();
    expect(parseQuantity("1 h 30", "seconds")).toBeNull();
    expect(parseQuantity("3 MiB", "count")).toBeNull();
  });
});
