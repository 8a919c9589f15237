// Escape sequences to styled pieces of text. The pieces become text nodes, never HTML: a log is hostile input.
// Colours are names of the theme's own palette, or numbers checked here, so nothing a script prints reaches CSS as is.
import Anser from "anser";
import type { CSSProperties } from "react";

export interface AnsiPiece {
  text: string;
  style: CSSProperties | undefined;
}

// Whatever is not a colour: titles and hyperlinks (OSC), cursor movement and the like (CSI but not "m"), two-character
// escapes, and control characters that have no picture.
const ESC = "\u001b";
const NOT_COLOUR = new RegExp(
  `${ESC}\\][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)|${ESC}\\[[0-9;?=>]*[A-Za-ln-z@\`{|}~]|${ESC}[()#][A-Z0-9]|${ESC}[=>NOMc78DEHZ]|[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001a\\u001c-\\u001f\\u007f]`,
  "g",
);
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

export function parseAnsi(line: string): AnsiPiece[] {
  if (!hasControl(line)) return [{ text: line, style: undefined }];
  const clean = line.replace(NOT_COLOUR, "");
  if (!clean.includes(ESC)) return [{ text: clean, style: undefined }];
  return Anser.ansiToJson(clean, { use_classes: true, remove_empty: true }).map((entry) => ({
    text: entry.content.replaceAll(ESC, ""),
    style: styleOf(entry),
  }));
}

export const plainText = (line: string): string =>
  parseAnsi(line)
    .map((piece) => piece.text)
    .join("");

function hasControl(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127) return true;
  }
  return false;
}

type Entry = ReturnType<typeof Anser.ansiToJson>[number];

function styleOf(entry: Entry): CSSProperties | undefined {
  const style: CSSProperties = {};
  const decorations: string[] = entry.decorations ?? [];
  let front = colour(entry.fg, entry.fg_truecolor);
  let back = colour(entry.bg, entry.bg_truecolor);
  if (decorations.includes("reverse")) [front, back] = [back ?? "var(--sunken)", front ?? "var(--text)"];
  if (front) style.color = front;
  if (back) style.backgroundColor = back;
  if (decorations.includes("bold")) style.fontWeight = 600;
  if (decorations.includes("dim")) style.opacity = 0.7;
  if (decorations.includes("italic")) style.fontStyle = "italic";
  const lines = [
    decorations.includes("underline") ? "underline" : "",
    decorations.includes("strikethrough") ? "line-through" : "",
  ].filter(Boolean);
  if (lines.length > 0) style.textDecoration = lines.join(" ");
  return Object.keys(style).length > 0 ? style : undefined;
}

function colour(name: string | null | undefined, truecolor: string | null | undefined): string | undefined {
  if (!name) return undefined;
  if (name === "ansi-truecolor") return rgb(truecolor?.split(",").map(Number) ?? []);
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  if (palette) return palette256(Number(palette[1]));
  const basic = /^ansi-(bright-)?([a-z]+)$/.exec(name);
  return basic?.[2] && NAMES.includes(basic[2]) ? `var(--ansi-${basic[1] ?? ""}${basic[2]})` : undefined;
}

const rgb = (parts: number[]): string | undefined =>
  parts.length === 3 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
    ? `rgb(${parts.join(" ")})`
    : undefined;

/** The 256-colour table of xterm: 16 of the theme, a 6×6×6 cube, 24 greys. */
function palette256(index: number): string | undefined {
  if (index < 16) return `var(--ansi-${index > 7 ? "bright-" : ""}${NAMES[index % 8]})`;
  if (index < 232) {
    const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
    const cube = index - 16;
    return rgb([level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)]);
  }
  return index < 256 ? rgb(Array(3).fill(8 + (index - 232) * 10)) : undefined;
}
