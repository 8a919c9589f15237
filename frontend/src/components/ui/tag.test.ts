// The colours of tags are legible in both themes: 4.5:1 on the tag itself, wherever it stands.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TAG_COLOURS } from "./tag";

const css = readFileSync("src/app/tokens.css", "utf8");
const [dark = "", light = ""] = css.split('[data-theme="light"] {').map((part) => part);
/** How much of the colour is laid over what is below, as in `bg-tag-red/8`. */
const LAID = 0.08;

type Rgb = [number, number, number];

/** OKLCH to linear sRGB, by the matrices of CSS Color 4. */
function linear(theme: string, token: string): Rgb {
  const [, l, c, h] = new RegExp(`--${token}: oklch\\(([\\d.]+) ([\\d.]+)(?: ([\\d.]+))?`).exec(theme) ?? [];
  const [light, chroma, hue] = [Number(l), Number(c), (Number(h ?? 0) * Math.PI) / 180];
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const [x = 0, y = 0, z = 0] = [
    light + 0.3963377774 * a + 0.2158037573 * b,
    light - 0.1055613458 * a - 0.0638541728 * b,
    light - 0.0894841775 * a - 1.291485548 * b,
  ].map((each) => each ** 3);
  return [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
    -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ].map((each) => Math.min(1, Math.max(0, each))) as Rgb;
}
const coded = (value: number) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
const decoded = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const over = (top: Rgb, below: Rgb): Rgb =>
  top.map((each, at) => decoded(LAID * coded(each) + (1 - LAID) * coded(below[at] ?? 0))) as Rgb;
const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const contrast = (one: Rgb, other: Rgb) => {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};

describe.each([
  ["dark", dark],
  ["light", light],
])("in the %s theme", (_, theme) => {
  it.each(TAG_COLOURS)("%s is legible", (colour) => {
    const ink = linear(theme, `tag-${colour}`);
    for (const surface of ["canvas", "panel", "raised", "sunken"])
      expect(contrast(ink, over(ink, linear(theme, surface)))).toBeGreaterThanOrEqual(4.5);
  });
});
