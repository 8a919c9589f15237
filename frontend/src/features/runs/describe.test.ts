import { describe, expect, it } from "vitest";
import type { Outcome } from "~/api/types";
import { advice, lastErrorLine } from "./describe";

const failed = (...stderr_tail: string[]): Outcome => ({
  kind: "failed",
  exit_code: 1,
  message: "It failed.",
  stderr_tail,
});

describe("lastErrorLine", () => {
  it("finds the exception below the traceback", () => {
    expect(
      lastErrorLine(failed("Traceback (most recent call last):", '  File "main.py", line 3', "KeyError: 'total'", "")),
    ).toBe("KeyError: 'total'");
  });
  it("takes the last one of a chain, with a dotted name", () => {
    expect(
      lastErrorLine(failed("ValueError: a", "During handling…", "requests.exceptions.ConnectionError: no route")),
    ).toBe("requests.exceptions.ConnectionError: no route");
  });
  it("claims nothing when there is no traceback", () => {
    expect(lastErrorLine(failed("usage: main.py [-h]"))).toBeNull();
    expect(lastErrorLine({ kind: "succeeded", message: "" })).toBeNull();
  });
});

describe("advice", () => {
  it("names a next step where there is one", () => {
    expect(advice({ kind: "out_of_memory", limit_bytes: 1, message: "" })).toMatch(/memory limit/);
    expect(advice({ kind: "succeeded", message: "" })).toBeNull();
  });
});
