import { describe, expect, it } from "vitest";
import type { Job } from "../../api/types";
import { better, NODE_HEIGHT, NODE_WIDTH, type Placed, type PlacedNode, place, shapeKey, shapeOf } from "./dag";

const DIAMOND = [
  { id: "top", needs: [] },
  { id: "left", needs: ["top"] },
  { id: "right", needs: ["top"] },
  { id: "bottom", needs: ["left", "right"] },
];

function node(placed: Placed, id: string): PlacedNode {
  const found = placed.nodes.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`${id} was not placed`);
  return found;
}

function apart(a: PlacedNode, b: PlacedNode): boolean {
  return Math.abs(a.x - b.x) >= NODE_WIDTH || Math.abs(a.y - b.y) >= NODE_HEIGHT;
}

describe("place", () => {
  it("puts every job to the right of what it needs", () => {
    const placed = place(DIAMOND);
    for (const { source, target } of placed.edges) {
      expect(node(placed, target).x).toBeGreaterThanOrEqual(node(placed, source).x + NODE_WIDTH);
    }
    expect(placed.edges).toHaveLength(4);
  });

  it("puts every job below what it needs where there is little width", () => {
    const placed = place(DIAMOND, "down");
    for (const { source, target } of placed.edges) {
      expect(node(placed, target).y).toBeGreaterThanOrEqual(node(placed, source).y + NODE_HEIGHT);
    }
    expect(node(placed, "left").y).toBe(node(placed, "right").y);
    for (const a of placed.nodes) for (const b of placed.nodes) expect(a === b || apart(a, b)).toBe(true);
  });

  it("puts independent jobs in one column, and no node on another", () => {
    const placed = place(DIAMOND);
    expect(node(placed, "left").x).toBe(node(placed, "right").x);
    for (const a of placed.nodes) for (const b of placed.nodes) expect(a === b || apart(a, b)).toBe(true);
  });

  it("keeps every node inside the size it tells", () => {
    const placed = place(DIAMOND);
    for (const { x, y } of placed.nodes) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + NODE_WIDTH).toBeLessThanOrEqual(placed.width);
      expect(y + NODE_HEIGHT).toBeLessThanOrEqual(placed.height);
    }
  });

  it("leaves out a need that is no job, and survives a cycle", () => {
    expect(place([{ id: "a", needs: ["ghost"] }]).edges).toEqual([]);
    const cycle = place([
      { id: "a", needs: ["b"] },
      { id: "b", needs: ["a"] },
    ]);
    expect(cycle.nodes).toHaveLength(2);
  });

  it("takes any text for an id", () => {
    const placed = place([
      { id: "constructor", needs: [] },
      { id: "__proto__", needs: ["constructor"] },
      { id: "test (node, 22)", needs: ["constructor"] },
    ]);
    expect(placed.nodes.map(({ id }) => id)).toEqual(["constructor", "__proto__", "test (node, 22)"]);
  });

  it("is empty for no jobs", () => {
    expect(place([])).toMatchObject({ nodes: [], edges: [] });
  });
});

describe("shape", () => {
  it("does not change with the states of jobs", () => {
    const job: Job = { id: "a", name: "a", state: "queued" };
    expect(shapeKey(shapeOf([job]))).toBe(shapeKey(shapeOf([{ ...job, state: "running", startedAt: "now" }])));
    expect(shapeKey(shapeOf([job]))).not.toBe(shapeKey(shapeOf([{ ...job, needs: ["b"] }])));
  });
});

describe("better", () => {
  const chain = ["a", "b", "c", "d"].map((id, index, all) => ({
    id,
    needs: index === 0 ? [] : [all[index - 1] ?? ""],
  }));

  it("goes down in a high room and right in a wide one", () => {
    expect(better(chain, { width: 300, height: 600 })).toBe("down");
    expect(better(chain, { width: 900, height: 100 })).toBe("right");
  });
});
