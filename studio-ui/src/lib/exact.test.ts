import { describe, expect, it } from "vitest";
import { BigCount, parseJson, printJson, wholeNumber } from "../api/json";
import { diffLines } from "./diff";
import { formatCount, formatFigure, plural } from "./format";

const BIG = "9007199254740993";

describe("a whole number beyond 2^53", () => {
  const read = (json: string) => parseJson(json) as never;

  it.each([BIG, `-${BIG}`, "18446744073709551615", "123456789012345678901234567890"])(
    "%s is read and printed exactly",
    (text) => {
      const { at } = read(`{"at": ${text}}`) as { at: number };
      expect(String(at)).toBe(text);
      expect(printJson({ at })).toBe(`{"at":${text}}`);
      expect(formatCount(at).replaceAll(",", "")).toBe(text);
    },
  );

  it("is shown with its commas, wherever counts are", () => {
    const big = read(BIG);
    expect(formatCount(big)).toBe("9,007,199,254,740,993");
    expect(formatFigure(big)).toBe("9,007,199,254,740,993");
    expect(plural(big, "message")).toBe("9,007,199,254,740,993 messages");
  });

  it("calculates as its nearest number, and never throws", () => {
    const big = read(BIG) as number;
    expect(big + 1).toBe(9007199254740992 + 1);
    expect(big > 5).toBe(true);
    expect(Math.max(big, 1)).toBe(9007199254740992);
    expect([1, big].reduce((sum, one) => sum + one, 0)).toBe(9007199254740992);
  });

  it("is told from one beside it in a state", () => {
    const lines = (a: string, b: string) => diffLines(read(`{"n":${a}}`), { value: read(`{"n":${b}}`) });
    expect(lines("9007199254740993", "9007199254740992").at(-1)).toMatchObject({
      change: "changed",
      text: "9007199254740993",
      before: "9007199254740992",
    });
    expect(lines(BIG, BIG).map(({ change }) => change)).toEqual(["same", "same"]);
  });
});

describe("all other JSON", () => {
  const TEXTS = [
    '{"id":"9007199254740993","a":["12345678901234567890 x", "\\"9007199254740993", "\\\\"], "n": 1}',
    "[9007199254740991, -9007199254740991, 0.12345678901234567890, 1e20, 12345678901234567890.5, 1234567890123456e2]",
    '{"a":{"b":[[],{},[{}],null,true,"é\\n"]},"":0}',
    '"1234567890123456789"',
  ];

  it.each(TEXTS)("is read as ever: %s", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each(TEXTS)("is printed as ever: %s", (text) => {
    const value = JSON.parse(text);
    expect(printJson(value)).toBe(JSON.stringify(value));
    expect(printJson(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  it("leaves out what JSON has no word for", () => {
    const value = { a: undefined, b: [undefined, () => 0], c: Number.NaN };
    expect(printJson(value, 2)).toBe(JSON.stringify(value, null, 2));
    expect(printJson(undefined)).toBe("null");
  });

  it.each(["{", `{"a":${BIG}`, `${BIG} ${BIG}`, "", "01", `0${BIG}x`])("is refused as ever: %s", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(() => parseJson(text)).toThrow();
  });
});

it("a whole number is read as it is typed", () => {
  expect(wholeNumber(" 42 ")).toBe(42);
  expect(wholeNumber("-007")).toBe(-7);
  const big = wholeNumber(` 00${BIG}`);
  expect(big).toBeInstanceOf(BigCount);
  expect(printJson({ by: big })).toBe(`{"by":${BIG}}`);
  for (const text of ["", "1.5", "1e3", "0x10", "four", "--1"]) expect(wholeNumber(text)).toBeUndefined();
});
