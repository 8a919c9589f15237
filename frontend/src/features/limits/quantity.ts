// Numbers with units as people type them: "512", "1.5 GiB", "2 h". A bare number is in the field's own unit. Pure.

/** `time` is in seconds, too, but need not be whole. */
export type Quantity = "mebibytes" | "gibibytes" | "seconds" | "time" | "days" | "cores" | "count";

const KIB = 1024;
const BYTES: Readonly<Record<string, number>> = { "": 1, k: KIB, m: KIB ** 2, g: KIB ** 3, t: KIB ** 4 };
const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
};
const DAYS: Readonly<Record<string, number>> = { "": 1, d: 1, day: 1, w: 7, week: 7, month: 30, y: 365, year: 365 };

/** What a bare number means, shown beside the field. */
export const UNITS: Record<Quantity, string> = {
  mebibytes: "MiB",
  gibibytes: "GiB",
  seconds: "s",
  time: "s",
  days: "days",
  cores: "cores",
  count: "",
};

const factorOf = (unit: string, quantity: Quantity): number | null => {
  const word = unit.toLowerCase();
  switch (quantity) {
    case "mebibytes":
    case "gibibytes": {
      if (word === "") return quantity === "mebibytes" ? KIB ** 2 : KIB ** 3;
      const known = /^(?:([kmgt])(?:i?b)?|b)$/.exec(word);
      return known ? (BYTES[known[1] ?? ""] ?? null) : null;
    }
    case "seconds":
      return word === "" ? 1 : (SECONDS[word] ?? SECONDS[word.replace(/s$/, "")] ?? null);
    case "time":
      return word === "ms" ? 0.001 : factorOf(unit, "seconds");
    case "days":
      return DAYS[word] ?? DAYS[word.replace(/s$/, "")] ?? null;
    case "cores":
      return /^(cpus?|cores?)?$/.test(word) ? 1 : null;
    case "count":
      return word === "" ? 1 : null;
  }
};

/** What was typed over a value, as the API wants it: null is the default, and an untouched text is the value it stands for. */
export function typedQuantity(
  text: string,
  over: { shown: string; value: number | null | undefined; quantity: Quantity },
): number | null | "wrong" {
  if (text.trim() === "") return null;
  return text.trim() === over.shown ? (over.value ?? null) : parseQuantity(text, over.quantity) || "wrong";
}

/** The value in the API's unit (bytes, seconds, a number); null when it is not to be understood. */
export function parseQuantity(text: string, quantity: Quantity): number | null {
  // Durations are shown in two units ("1 h 30 min") and may be typed so.
  const parts = [...text.trim().matchAll(/(\d+(?:[.,]\d+)?)\s*([a-z]*)\s*/gi)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text.trim()) return null;
  const isTime = quantity === "seconds" || quantity === "time";
  if (parts.length > 1 && (!isTime || parts.some((part) => !part[2]))) return null;
  let sum = 0;
  for (const [, digits = "", unit = ""] of parts) {
    const factor = factorOf(unit, quantity);
    if (factor === null) return null;
    sum += Number(digits.replace(",", ".")) * factor;
  }
  return quantity === "cores" || quantity === "time" ? sum : Math.round(sum);
}

export const hasUnit = (text: string): boolean => /[a-z]/i.test(text);
