import { expect, it } from "vitest";
import { readFilter } from "../../../lib/filter/read";
import { listWanted, stretchAround } from "./wanted";

function filter(text: string) {
  return readFilter(text).filter ?? [];
}

it("asks in the studio's words, without plumbing unless somebody wants it", () => {
  expect(listWanted(filter("type:Order"), false, "-messages")).toEqual({
    filter: "type:Order -is:system",
    sort: "-messageCount",
  });
  expect(listWanted([], true, "id")).toEqual({ filter: "", sort: "id" });
  expect(listWanted(filter("is:system"), false, "heartbeat")).toEqual({ filter: "is:system", sort: "lastHeartbeat" });
});

it("asks for what is in sight and a little more, in steps that several viewers share", () => {
  expect(stretchAround(0, 0)).toEqual({ from: 0, count: 50 });
  expect(stretchAround(0, 39)).toEqual({ from: 0, count: 100 });
  expect(stretchAround(99_960, 99_999)).toEqual({ from: 99_900, count: 150 });
  for (let first = 0; first < 500; first += 1) {
    const { from, count } = stretchAround(first, first + 40);
    expect(from).toBeLessThanOrEqual(first);
    expect(from + count).toBeGreaterThan(first + 40);
    expect(count).toBeLessThanOrEqual(200);
  }
});
