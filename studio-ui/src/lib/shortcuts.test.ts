import { describe, expect, it } from "vitest";
import { KeyReader, lettersOf, type Pressed } from "./shortcuts";

const press = (key: string, held: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

describe("keys", () => {
  it("go where the second of two says, if it comes soon enough", () => {
    const keys = new KeyReader();
    expect(keys.read(press("g"), 0)).toEqual({ kind: "began" });
    expect(keys.read(press("r"), 1500)).toEqual({ kind: "go", letter: "r" });
    expect(keys.read(press("r"), 1600)).toBeUndefined();
    keys.read(press("g"), 2000);
    expect(keys.read(press("r"), 3501)).toBeUndefined();
  });

  it("go also where the letter alone means something else", () => {
    const keys = new KeyReader();
    keys.read(press("g"), 0);
    expect(keys.read(press("j"), 1)).toEqual({ kind: "go", letter: "j" });
    expect(keys.read(press("j"), 2)).toEqual({ kind: "step", by: 1 });
  });

  it("forget the first of two when something else comes between", () => {
    const keys = new KeyReader();
    keys.read(press("g"), 0);
    keys.read(press("Escape"), 1);
    expect(keys.read(press("r"), 2)).toBeUndefined();
    keys.read(press("g"), 3);
    keys.read(press("Shift"), 4);
    expect(keys.read(press("r"), 5)).toEqual({ kind: "go", letter: "r" });
  });

  it("mean nothing together with a modifier, but for the search", () => {
    const keys = new KeyReader();
    for (const held of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
      for (const key of ["?", "/", "j", "g"]) expect(keys.read(press(key, held), 0)).toBeUndefined();
    }
    expect(keys.read(press("k", { ctrlKey: true }), 0)).toEqual({ kind: "search" });
    expect(keys.read(press("K", { metaKey: true }), 0)).toEqual({ kind: "search" });
    expect(keys.read(press("k", { ctrlKey: true, altKey: true }), 0)).toBeUndefined();
    expect(keys.read(press("k"), 0)).toEqual({ kind: "step", by: -1 });
  });

  it("can be switched off one by one, but for those with a modifier", () => {
    const keys = new KeyReader();
    for (const key of ["?", "/", "j", "k", "g", "r"]) expect(keys.read(press(key), 0, false)).toBeUndefined();
    expect(keys.read(press("k", { ctrlKey: true }), 0, false)).toEqual({ kind: "search" });
  });
});

describe("letters", () => {
  it("are the first of a title that is free, also for sections nobody knew of", () => {
    const own = ["Overview", "Runs", "Workflows", "Actors", "Map", "Logs"];
    expect(lettersOf(own)).toEqual(["o", "r", "w", "a", "m", "l"]);
    expect(lettersOf([...own, "Reports", "Law", "Ärger", "Ooo", "42"]).slice(6)).toEqual([
      "e",
      undefined,
      "g",
      undefined,
      undefined,
    ]);
  });
});
