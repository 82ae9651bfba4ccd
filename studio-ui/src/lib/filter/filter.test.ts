import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ActorRecord } from "../../api/types";
import { print } from "./filter";
import { matches } from "./match";
import { readFilter } from "./read";

type Cases = {
  records: ActorRecord[];
  matches: { filter: string; printed?: string; ids: string[] }[];
  errors: { filter: string; code: string; start: number; end: number; message: string }[];
};

/** What the filters of the studio and the command line are held to as well. */
const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../bridge/protocol/filter-cases.json"), "utf8"),
) as Cases;

describe("filters", () => {
  it.each(cases.matches)("match and print as the shared cases say: $filter", ({ filter, printed, ids }) => {
    const read = readFilter(filter).filter;
    if (read === undefined) throw new Error(`no filter: ${filter}`);
    expect(cases.records.filter((record) => matches(read, record)).map((record) => record.id)).toEqual(ids);
    expect(print(read)).toBe(printed ?? filter);
    expect(readFilter(print(read)).filter).toEqual(read);
  });

  it.each(cases.errors)("tell mistakes as the shared cases say: $filter", ({ filter, ...told }) => {
    expect(readFilter(filter).error).toEqual(told);
  });

  it("have an end", () => {
    for (const text of ["x".repeat(2001), "x ".repeat(65), `id:${"x,".repeat(70)}`]) {
      expect(readFilter(text).error?.code).toBe("too_long");
    }
    expect(readFilter("x ".repeat(64)).error).toBeUndefined();
  });
});
