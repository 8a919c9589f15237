import { expect, it } from "vitest";
import { addressOf, callWithBody, plainCall } from "./examples";

it("is a line that a shell takes as it is", () => {
  const address = addressOf("http://127.0.0.1:8420", "/hooks/abc", "/hooks/a…");
  expect(plainCall(address)).toBe("curl -X POST 'http://127.0.0.1:8420/hooks/abc'");
  expect(callWithBody("it's")).toContain(`'it'\\''s'`);
});

it("is shortened once the address is not known any more", () => {
  expect(addressOf("http://127.0.0.1:8420", null, "/hooks/abcd…")).toBe("http://127.0.0.1:8420/hooks/abcd…");
});
