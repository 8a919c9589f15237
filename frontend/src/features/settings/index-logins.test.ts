import { describe, expect, it } from "vitest";
import type { IndexView } from "~/api/types";
import { keepsPassword, loginPatch, withoutAddress } from "./index-logins";

const address = "https://corp.example/simple";
const open: IndexView = { address, role: "extra", credentials: null };
const ann = (part: object): IndexView => ({
  ...open,
  credentials: { username: "ann", has_password: true, set_by: "settings", ...part },
});

describe("who signs in to an index", () => {
  it("needs a name and a password where there are none", () => {
    expect(loginPatch({ username: "ann", password: "" }, open)).toBeNull();
    expect(loginPatch({ username: " ", password: "p" }, open)).toBeNull();
    expect(loginPatch({ username: " ann ", password: " p " }, open)).toEqual({ username: "ann", password: " p " });
  });
  it("keeps the password that is stored, and sends what differs", () => {
    expect(keepsPassword(ann({}))).toBe(true);
    expect(loginPatch({ username: "ann", password: "" }, ann({}))).toBeNull();
    expect(loginPatch({ username: "bob", password: "" }, ann({}))).toEqual({ username: "bob" });
    expect(loginPatch({ username: "ann", password: "n" }, ann({}))).toEqual({ password: "n" });
  });
  it("asks for the password again where none of its own can be kept", () => {
    for (const part of [{ has_password: false }, { set_by: "configuration" }]) {
      expect(keepsPassword(ann(part))).toBe(false);
      expect(loginPatch({ username: "ann", password: "" }, ann(part))).toBeNull();
      expect(loginPatch({ username: "ann", password: "n" }, ann(part))).toEqual({ username: "ann", password: "n" });
    }
  });
  it("is refused in the words of its row", () => {
    expect(withoutAddress(`${address} needs both`, address)).toBe("Needs both");
    expect(withoutAddress("Nothing was changed", address)).toBe("Nothing was changed");
  });
});
