import { describe, expect, it } from "vitest";
import type { ActorMap } from "../../../api/inside";
import { heatOf, heatText } from "./heat";
import { filterOf, readMapSearch } from "./search";
import { drawnOf, grown, MOST_EDGES, NO_SHAPE, neighbour, OUTSIDE, place } from "./shape";

function map(ids: string[], edges: [string | null, string, number?][]): ActorMap {
  return {
    group: "type",
    nodes: ids.map((id) => ({ id, type: id, count: 1 })),
    edges: edges.map(([from, to, rate = 1]) => ({ from, to, rate, count: 1 })),
  };
}

describe("what is drawn", () => {
  it("has a node for those who send from outside, where they do", () => {
    expect(drawnOf(map(["a"], [[null, "a"]])).nodes.map(({ id }) => id)).toEqual([OUTSIDE, "a"]);
    expect(drawnOf(map(["a"], [])).nodes.map(({ id }) => id)).toEqual(["a"]);
  });

  it("leaves out lines to nowhere, and tells how many of the quietest", () => {
    expect(drawnOf(map(["a"], [["gone", "a"]]))).toMatchObject({ edges: [], left: 0 });
    const many = map(
      ["a", "b"],
      Array.from({ length: MOST_EDGES + 3 }, (_, rate) => ["a", "b", rate]),
    );
    const { edges, left } = drawnOf(many);
    expect([edges.length, left, edges[0]?.rate]).toEqual([MOST_EDGES, 3, MOST_EDGES + 2]);
  });
});

describe("the shape", () => {
  it("stays the same while nobody comes and nobody speaks for the first time", () => {
    const before = grown(NO_SHAPE, drawnOf(map(["a", "b"], [["a", "b", 9]])));
    expect(grown(before, drawnOf(map(["b", "a"], [["a", "b", 3]])))).toBe(before);
    // A line that fell silent keeps its place.
    expect(grown(before, drawnOf(map(["a", "b"], [])))).toBe(before);
  });

  it("grows with who comes and what is heard, and forgets who is gone", () => {
    const before = grown(NO_SHAPE, drawnOf(map(["a", "b"], [["a", "b"]])));
    expect(grown(before, drawnOf(map(["a", "b", "c"], [["b", "c"]]))).pairs).toEqual([
      { from: "a", to: "b" },
      { from: "b", to: "c" },
    ]);
    expect(grown(before, drawnOf(map(["b"], []))).pairs).toEqual([]);
  });

  it("is laid out from senders to receivers, without two nodes in one place", () => {
    const ids = ["a", "b", "c", "constructor", "lone", "lone2"];
    const shape = grown(
      NO_SHAPE,
      drawnOf(
        map(ids, [
          ["a", "b"],
          ["b", "c"],
          ["c", "a"],
          ["b", "b"],
          ["a", "constructor"],
        ]),
      ),
    );
    const places = place(shape);
    expect(places).toHaveLength(ids.length);
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(ids.length);
    const x = (id: string) => places.find((place) => place.id === id)?.x ?? Number.NaN;
    expect(x("a")).toBeLessThan(x("b"));
    expect(x("b")).toBeLessThan(x("c"));
  });
});

it("arrow keys go to the nearest node that way", () => {
  const places = [
    { id: "a", x: 0, y: 0 },
    { id: "b", x: 300, y: 0 },
    { id: "c", x: 200, y: 200 },
    { id: "d", x: 0, y: 90 },
  ];
  expect(["ArrowRight", "ArrowDown", "ArrowLeft", "Enter"].map((key) => neighbour(places, "a", key))).toEqual([
    "b",
    "d",
    undefined,
    undefined,
  ]);
});

describe("heat", () => {
  it("has the same levels for all, so that a calm system looks calm", () => {
    const node = { id: "a", type: "T", count: 1, waitMs: 12, errors: 0, queue: 2000 };
    expect([heatOf(node, "wait"), heatOf(node, "errors"), heatOf(node, "queue")]).toEqual([2, 0, 4]);
    expect(heatText(node, "wait")).toBe("waiting 12 ms");
    expect(heatText(node, "errors")).toBeUndefined();
    expect(heatOf({ id: "a", type: "T", count: 1, errors: 0.01 }, "errors")).toBe(1);
    expect(heatOf({ id: "a", type: "T", count: 1 }, "queue")).toBe(0);
  });
});

it("the address has what differs from the first view, and plumbing is left out unless it is asked for", () => {
  expect(readMapSearch({ group: "type", window: 60, heat: "wait", view: "graph", filter: "" })).toEqual({});
  const search = readMapSearch({
    group: "actor",
    window: "300",
    heat: "queue",
    filter: 12,
    view: "table",
    system: true,
  });
  expect(search).toEqual({ group: "actor", window: 300, heat: "queue", filter: "12", view: "table", system: true });
  expect(filterOf(search)).toBe("12");
  // A narrow window shows tables where the address does not say otherwise.
  expect(readMapSearch({ view: "picture" })).toEqual({ view: "picture" });
  expect(filterOf({ filter: "type:Order" })).toBe("-is:system type:Order");
});
