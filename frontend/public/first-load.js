// Starting a container changes the machine's network, and browsers then drop what they had under way. A page whose
// style or program was dropped would stay bare or blank, so it is loaded again, twice at most.
(() => {
  const KEY = "pytask.reloads";
  const isVital = (element) =>
    (element instanceof HTMLLinkElement && element.rel === "stylesheet") ||
    (element instanceof HTMLScriptElement && element.type === "module");
  let again = false;
  addEventListener(
    "error",
    (event) => {
      if (again || document.readyState === "complete" || !isVital(event.target)) return;
      try {
        const reloads = Number(sessionStorage.getItem(KEY) ?? 0);
        if (reloads >= 2) return;
        sessionStorage.setItem(KEY, String(reloads + 1));
      } catch {
        // Without a count there would be no end to it.
        return;
      }
      again = true;
      setTimeout(() => location.reload(), 300);
    },
    true,
  );
  addEventListener("load", () => {
    if (!again) {
      try {
        sessionStorage.removeItem(KEY);
      } catch {
        // Nothing was counted.
      }
    }
  });
})();
