import { describe, expect, it } from "vitest";
import { pieces } from "./pieces";

const parts = (...bits: Parameters<typeof pieces>) =>
  pieces(...bits).map(({ text, hit }) => (hit ? `[${text}]` : text));

describe("an excerpt", () => {
  it("is cut at what matched", () => {
    expect(
      parts("no such file, no such day", [
        [3, 7],
        [17, 21],
      ]),
    ).toEqual(["no ", "[such]", " file, no ", "[such]", " day"]);
    expect(parts("all", [[0, 3]])).toEqual(["[all]"]);
    expect(parts("none", [])).toEqual(["none"]);
  });
  it("bears ranges that overlap or reach too far", () => {
    expect(
      parts("abcdef", [
        [2, 4],
        [3, 99],
        [50, 60],
      ]),
    ).toEqual(["ab", "[cd]", "[ef]"]);
  });
});
