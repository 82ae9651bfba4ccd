import { describe, expect, it } from "vitest";
import type { JournalLine } from "../../../api/inside";
import { kindAndLevel, levelOf, readSorts, rowsOf, sortOf, talliesOf } from "./journal-rows";

const line = (seq: number, kind = "note", data?: JournalLine["data"]): JournalLine => ({
  seq,
  kind,
  time: "2025-12-13T03:33:58.077Z",
  message: `line ${seq}`,
  ...(data && { data }),
});

describe("a logged line", () => {
  it("has the level that its process gives it, in one word for each", () => {
    expect(levelOf(line(1, "log", { level: "INFO" }))).toBe("info");
    expect(levelOf(line(1, "log", { level: "Warning" }))).toBe("warn");
    expect(sortOf(line(1, "log", { level: "error" }))).toBe("log:error");
  });

  it("has none where nobody says, and other kinds have none at all", () => {
    for (const data of [{}, { level: 3 }, { level: "" }, { level: null }])
      expect(levelOf(line(1, "log", data))).toBeUndefined();
    expect(sortOf(line(1, "log"))).toBe("log");
    expect(sortOf(line(1, "note", { level: "info" }))).toBe("note");
    expect(kindAndLevel("log:warn")).toEqual({ kind: "log", level: "warn" });
    expect(kindAndLevel("started")).toEqual({ kind: "started", level: undefined });
  });
});

describe("the rows of a journal", () => {
  const lines = [line(20), line(19, "log", { level: "info" }), line(6, "panicked"), line(5), line(3)];

  it("say where lines were dropped, and how many", () => {
    const rows = rowsOf(lines, []).map((row) => ("line" in row ? row.line.seq : `${row.dropped} after ${row.after}`));
    expect(rows).toEqual([20, 19, "12 after 19", 6, 5, "1 after 5", 3]);
  });

  it("say it also of holes between lines that are left out", () => {
    const rows = rowsOf(lines, ["panicked"]).map((row) => ("line" in row ? row.line.seq : row.dropped));
    expect(rows).toEqual([12, 6, 1]);
  });

  it("count their sorts, and keep one that is wanted though it is gone", () => {
    expect(talliesOf(lines, ["error"])).toEqual([
      { sort: "note", count: 3 },
      { sort: "log:info", count: 1 },
      { sort: "panicked", count: 1 },
      { sort: "error", count: 0 },
    ]);
  });

  it("are chosen in the address", () => {
    expect(readSorts("log:warn,error,,error")).toEqual(["log:warn", "error"]);
    expect(readSorts(undefined)).toEqual([]);
  });
});
