import { expect, it } from "vitest";
import { ApiError } from "~/api/client";
import { patchOf, refusalOf, typedOf } from "./settings-form";

const set = { private_targets: ["ntfy.lan"], timeout_seconds: 90 };

it("sends what differs, in the API's units; nothing means the default", () => {
  const text = typedOf(set);
  expect(text).toMatchObject({ private_targets: "ntfy.lan", timeout_seconds: "1 min 30 s", max_attempts: "" });
  expect(patchOf(text, set)).toBeNull();
  expect(patchOf({ ...text, timeout_seconds: "" }, set)).toEqual({ timeout_seconds: null });
  expect(patchOf({ ...text, keep_days: "2 weeks", late_seconds: "5 min" }, set)).toEqual({
    keep_days: 14,
    late_seconds: 300,
  });
  expect(patchOf({ ...text, private_targets: " 10.0.0.0/8 \n\nntfy.lan" }, set)).toEqual({
    private_targets: ["10.0.0.0/8", "ntfy.lan"],
  });
  expect(patchOf({ ...text, public_url: "https://pytask.example " }, set)).toEqual({
    public_url: "https://pytask.example",
  });
  expect(patchOf({ ...text, max_attempts: "many" }, set)).toBeNull();
});

it("names a refused field as the form does", () => {
  const error = new ApiError(422, "invalid_field", "notifications.max_attempts must be from 1 to 100, not 0", null, {
    field: "notifications.max_attempts",
  });
  expect(refusalOf(error, "max_attempts")).toBe("Attempts must be from 1 to 100, not 0");
  expect(refusalOf(error, "keep_days")).toBeNull();
});
