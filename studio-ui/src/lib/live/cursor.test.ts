import { describe, expect, it } from "vitest";
import type { Frame } from "../../api/types";
import { Cursor, parseFrame } from "./cursor";

const NEWS = { apply: true, resync: false };
const KNOWN = { apply: false, resync: false };
const FETCH = { apply: false, resync: true };
const NEWS_AND_FETCH = { apply: true, resync: true };

function frame(seq: number, type = "metrics", epoch = "a", data: unknown = {}): Frame {
  return { type, epoch, seq, data };
}

function hello(seq: number, epoch = "a"): Frame {
  return frame(seq, "hello", epoch, { epoch, seq });
}

function cursorAt(seq: number): Cursor {
  const cursor = new Cursor();
  cursor.accept(hello(seq));
  return cursor;
}

describe("Cursor", () => {
  it("fetches everything at the first hello, then takes frames in order", () => {
    const cursor = new Cursor();
    expect(cursor.accept(hello(7))).toEqual(FETCH);
    expect(cursor.accept(frame(8))).toEqual(NEWS);
    expect(cursor.accept(frame(9))).toEqual(NEWS);
    expect(cursor.position).toEqual({ epoch: "a", seq: 9 });
  });

  it("takes what follows where others were left out, as what is really missed is told", () => {
    const cursor = cursorAt(7);
    expect(cursor.accept(frame(9))).toEqual(NEWS);
    expect(cursor.accept(frame(10))).toEqual(NEWS);
  });

  it("takes a frame for this page alone, which has the place of the last one", () => {
    const cursor = cursorAt(7);
    expect(cursor.accept(frame(7, "journal"))).toEqual(NEWS);
    expect(cursor.accept(frame(8))).toEqual(NEWS);
    expect(cursor.accept(frame(8, "window"))).toEqual(NEWS);
  });

  it("drops what it has already seen", () => {
    const cursor = cursorAt(7);
    expect(cursor.accept(frame(6))).toEqual(KNOWN);
    expect(cursor.accept(frame(3))).toEqual(KNOWN);
    expect(cursor.position).toEqual({ epoch: "a", seq: 7 });
  });

  it("goes on where it stopped when the line comes back within an epoch", () => {
    const cursor = cursorAt(7);
    expect(cursor.accept(hello(9))).toEqual(KNOWN);
    expect(cursor.accept(frame(8))).toEqual(NEWS);
    expect(cursor.accept(frame(9))).toEqual(NEWS);
  });

  it("fetches everything when the server has started again, by hello or by any frame", () => {
    const cursor = cursorAt(700);
    expect(cursor.accept(hello(2, "b"))).toEqual(FETCH);
    expect(cursor.accept(frame(3, "metrics", "b"))).toEqual(NEWS);
    expect(cursor.accept(frame(1, "metrics", "c"))).toEqual(NEWS_AND_FETCH);
  });

  it("fetches everything on resync and goes on from where that says", () => {
    const cursor = cursorAt(7);
    expect(cursor.accept(frame(0, "resync", "a", { seq: 40 }))).toEqual(FETCH);
    expect(cursor.accept(frame(41))).toEqual(NEWS);
  });
});

describe("parseFrame", () => {
  it("reads a frame", () => {
    expect(parseFrame('{"type":"metrics","epoch":"a","seq":1,"data":null}')).toEqual(frame(1, "metrics", "a", null));
  });

  it("drops what is no frame", () => {
    for (const text of ["", "no json", "null", "[]", '{"type":"x"}', '{"type":"x","epoch":"a","seq":"1"}']) {
      expect(parseFrame(text)).toBeUndefined();
    }
  });
});
