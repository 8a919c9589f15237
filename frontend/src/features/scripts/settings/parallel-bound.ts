/** How many runs may be side by side, as typed: nothing is no bound. */
export function boundOf(text: string): number | null | "wrong" {
  const typed = text.trim();
  if (typed === "") return null;
  return /^[1-9]\d*$/.test(typed) ? Number(typed) : "wrong";
}
