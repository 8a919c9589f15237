import { describe, expect, it } from "vitest";
import { parseAnsi, plainText } from "./ansi";

const ESC = "\u001b";

describe("parseAnsi", () => {
  it("leaves plain text alone, markup included", () => {
    expect(parseAnsi("<b>&amp;</b>\tx")).toEqual([{ text: "<b>&amp;</b>\tx", style: undefined }]);
  });

  it("maps the basic colours to the theme", () => {
    expect(parseAnsi(`${ESC}[31mred${ESC}[0m and ${ESC}[1;92mgreen${ESC}[0m`)).toEqual([
      { text: "red", style: { color: "var(--ansi-red)" } },
      { text: " and ", style: undefined },
      { text: "green", style: { color: "var(--ansi-bright-green)", fontWeight: 600 } },
    ]);
  });

  it("knows the 256 colours and true colours", () => {
    expect(parseAnsi(`${ESC}[38;5;196mx`)[0]?.style).toEqual({ color: "rgb(255 0 0)" });
    expect(parseAnsi(`${ESC}[38;5;9mx`)[0]?.style).toEqual({ color: "var(--ansi-bright-red)" });
    expect(parseAnsi(`${ESC}[48;2;1;2;3mx`)[0]?.style).toEqual({ backgroundColor: "rgb(1 2 3)" });
  });

  it("drops titles, hyperlinks, cursor movement and control characters", () => {
    expect(
      plainText(`${ESC}]0;title\u0007a${ESC}[2K${ESC}[1Ab${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\\u0000`),
    ).toBe("ablink");
  });

  it("never hands a script's text to CSS", () => {
    for (const piece of parseAnsi(`${ESC}[38;2;999;0;0mx${ESC}[38;2;1;url(x);3my`)) {
      expect(JSON.stringify(piece.style ?? {})).not.toMatch(/url|999/);
    }
  });
});
