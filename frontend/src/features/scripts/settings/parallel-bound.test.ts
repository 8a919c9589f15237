import { expect, it } from "vitest";
import { boundOf } from "./parallel-bound";

it("tells a bound from none and from a mistake", () => {
  expect(["", " ", "3", " 12 ", "0", "1.5", "-1", "many"].map(boundOf)).toEqual([
    null,
    null,
    3,
    12,
    "wrong",
    "wrong",
    "wrong",
    "wrong",
  ]);
});
