// The theme: what was chosen (dark, light, as the system) and what it comes to. `public/theme.js` does the same
// before the first paint; both read the key "pytask.theme".
import { recall, remember } from "./storage";
import { createStore } from "./store";

export type ThemeChoice = "dark" | "light" | "system";
export type Theme = "dark" | "light";

const system = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
const stored = recall("theme");
export const themeChoice = createStore<ThemeChoice>(stored === "dark" || stored === "light" ? stored : "system");
export const theme = createStore<Theme>(resolve());

function resolve(): Theme {
  const choice = themeChoice.get();
  if (choice !== "system") return choice;
  return system?.matches ? "dark" : "light";
}

function apply() {
  theme.set(resolve());
  document.documentElement.dataset.theme = theme.get();
}

export function chooseTheme(choice: ThemeChoice) {
  remember("theme", choice === "system" ? null : choice);
  themeChoice.set(choice);
  apply();
}

export function watchTheme() {
  apply();
  system?.addEventListener("change", apply);
}
