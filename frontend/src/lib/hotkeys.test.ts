import { afterEach, expect, it, vi } from "vitest";
import { listenHotkeys } from "./hotkeys";

const go = vi.fn();
const help = vi.fn();
let stop: () => void = () => {};
const listen = () => {
  stop = listenHotkeys(() => [
    { keys: "g s", does: "Go", run: go },
    { keys: "?", does: "Help", run: help },
  ]);
};
const press = (key: string, target: EventTarget = document.body, more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));

afterEach(() => {
  stop();
  go.mockReset();
  help.mockReset();
  document.body.replaceChildren();
});

it("hears single keys and sequences", () => {
  listen();
  press("?");
  press("g");
  press("s");
  expect(help).toHaveBeenCalledTimes(1);
  expect(go).toHaveBeenCalledTimes(1);
});

it("forgets a sequence that went another way", () => {
  listen();
  press("g");
  press("x");
  press("s");
  expect(go).not.toHaveBeenCalled();
});

it("leaves what is typed into a field, and the browser's own keys, alone", () => {
  listen();
  const input = document.body.appendChild(document.createElement("input"));
  press("?", input);
  press("?", document.body, { ctrlKey: true });
  expect(help).not.toHaveBeenCalled();
});
