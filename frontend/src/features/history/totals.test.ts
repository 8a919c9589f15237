import { expect, it } from "vitest";
import { totalParts } from "./totals";

const none = { total: 0, by_outcome: {}, unfinished: 0, kept: 0, log_bytes: 0, artifact_bytes: 0 };

it("puts what went wrong together and leaves out what never happened", () => {
  const parts = totalParts({ ...none, total: 12, by_outcome: { succeeded: 8, failed: 2, lost: 1, skipped: 1 } });
  expect(parts.map(({ word, count, kinds }) => [word, count, kinds])).toEqual([
    ["succeeded", 8, ["succeeded"]],
    ["failed", 3, ["failed", "lost"]],
    ["skipped", 1, ["skipped"]],
  ]);
  expect(totalParts(none)).toEqual([]);
});
