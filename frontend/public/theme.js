// Sets the theme before the first paint. A file of its own because the content security policy allows no inline script.
// The same key and meaning as src/lib/theme.ts.
(() => {
  let choice = "system";
  try {
    choice = localStorage.getItem("pytask.theme") ?? "system";
  } catch {
    // Storage may be forbidden; the system's theme is right then.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
