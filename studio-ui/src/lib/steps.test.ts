import { describe, expect, it } from "vitest";
import type { Step } from "../api/types";
import { type StepNode, StepOrder, stepTree } from "./steps";

function step(id: string, parent?: string, phase = "main"): Step {
  return { index: 0, id, name: id, state: "success", phase, ...(parent !== undefined && { parent }) };
}

const STEPS = [
  step("0"),
  step("1"),
  step("2"),
  step("pre-0", undefined, "pre"),
  step("1.0", "1"),
  step("1.1", "1"),
  step("1.1.0", "1.1"),
  step("post-0", undefined, "post"),
  step("post-1.1", undefined, "post"),
];

function ids(nodes: readonly StepNode[]): unknown[] {
  return nodes.map(({ step: { id }, children }) => (children.length > 0 ? [id, ids(children)] : id));
}

describe("stepTree", () => {
  it("puts steps under the one that brought them, and what runs before and after apart", () => {
    const { pre, main, post } = stepTree(STEPS);
    expect(ids(pre)).toEqual(["pre-0"]);
    expect(ids(main)).toEqual(["0", ["1", ["1.0", ["1.1", ["1.1.0"]]]], "2"]);
    expect(ids(post)).toEqual(["post-1.1", "post-0"]);
  });

  it("keeps a step whose parent is unknown, of another phase, or goes round", () => {
    const { main, post } = stepTree([
      step("0", "gone"),
      step("1", "1"),
      step("2", "3"),
      step("3", "2"),
      step("post-0", "0", "post"),
    ]);
    expect(ids(main)).toEqual(["0", "1", "2", "3"]);
    expect(ids(post)).toEqual(["post-0"]);
  });

  it("takes a phase it does not know for the main one", () => {
    expect(ids(stepTree([step("0", undefined, "constructor")]).main)).toEqual(["0"]);
  });
});

describe("StepOrder", () => {
  const order = new StepOrder(STEPS);

  it("knows which step is below which, and the way to it", () => {
    expect(order.isWithin("1.1.0", "1")).toBe(true);
    expect(order.isWithin("1", "1")).toBe(true);
    expect(order.isWithin("2", "1")).toBe(false);
    expect(order.isWithin("1", "1.0")).toBe(false);
    expect(order.path("1.1.0").map(({ id }) => id)).toEqual(["1", "1.1", "1.1.0"]);
  });

  it("says nothing of a step it does not know", () => {
    expect(order.rank("8")).toBeUndefined();
    expect(order.path("8")).toEqual([]);
    expect(order.isWithin("8", "1")).toBe(false);
    expect(order.isWithin("8", "8")).toBe(true);
  });
});
