import { expect, it } from "vitest";
import { afterClose, CODES } from "./after-close";

const wait = (attempt: number) => 100 * (attempt + 1);

it("comes back at once when the environment has changed, later after a death, and not for ever", () => {
  expect(afterClose(CODES.environmentChanged, "", 3, wait)).toEqual({ kind: "reconnect", afterMs: 0 });
  expect(afterClose(CODES.died, "died", 1, wait)).toEqual({ kind: "reconnect", afterMs: 100 });
  expect(afterClose(1006, "", 5, wait)).toEqual({ kind: "reconnect", afterMs: 500 });
  expect(afterClose(CODES.died, "died (exit code 1)", 6, wait)).toEqual({
    kind: "give-up",
    reason: "died (exit code 1)",
  });
});

it("waits for use after idleness, and says why there are no tools", () => {
  expect(afterClose(CODES.idle, "", 1, wait)).toEqual({ kind: "when-used" });
  expect(afterClose(CODES.unavailable, "the image is not here", 1, wait)).toEqual({
    kind: "give-up",
    reason: "the image is not here",
  });
});
