import { describe, expect, it } from "vitest";
import { parseAnsi } from "./ansi";

const ESC = "\u001b";

function text(line: string): string {
  return parseAnsi(line)
    .map((piece) => piece.text)
    .join("");
}

describe("parseAnsi", () => {
  it("leaves plain text alone, markup and all", () => {
    expect(parseAnsi("<b>1 < 2</b> & more")).toEqual([{ text: "<b>1 < 2</b> & more", className: "" }]);
    expect(parseAnsi("")).toEqual([]);
  });

  it("names colours and weights", () => {
    expect(parseAnsi(`${ESC}[1;31mred${ESC}[0m after`)).toEqual([
      { text: "red", className: "ansi-bold ansi-red" },
      { text: " after", className: "" },
    ]);
    expect(parseAnsi(`${ESC}[92mok`)).toEqual([{ text: "ok", className: "ansi-bright-green" }]);
    expect(parseAnsi(`${ESC}[43mwarn`)).toEqual([{ text: "warn", className: "ansi-yellow-bg" }]);
  });

  it("works out the 256 colours and takes true colour as it is", () => {
    expect(parseAnsi(`${ESC}[38;5;208mx`)[0]?.color).toBe("rgb(255, 135, 0)");
    expect(parseAnsi(`${ESC}[38;5;232mx`)[0]?.color).toBe("rgb(8, 8, 8)");
    expect(parseAnsi(`${ESC}[38;5;9mx`)[0]?.className).toBe("ansi-bright-red");
    expect(parseAnsi(`${ESC}[48;2;1;2;3mx`)[0]?.background).toBe("rgb(1, 2, 3)");
  });

  it("shows the last state of a line that was rewritten", () => {
    expect(text("10 %\r50 %\r100 %")).toBe("100 %");
    expect(text("whole line\r")).toBe("whole line");
  });

  it("drops movements, titles, links and bells", () => {
    expect(text(`${ESC}[2K${ESC}[1Adone${ESC}[?25h`)).toBe("done");
    expect(text(`${ESC}]0;title\u0007text`)).toBe("text");
    expect(text(`${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`)).toBe("link");
    expect(text("ding\u0007\u0000")).toBe("ding");
    expect(text("tab\there")).toBe("tab\there");
  });
});
