import { expect, it } from "vitest";
import { withoutLinted, withoutName } from "./actor-needs";
import { busiest } from "./busiest";

it("an actor that a lint speaks of is not told a second time", () => {
  const first = [
    { id: "a", type: "T" },
    { id: "b", type: "T" },
  ];
  const lints = [{ code: "panicked-and-gone", severity: "problem", actor: "a", sentence: "it panicked" }];
  expect(withoutLinted({ status: "failed", total: 12, first }, lints)).toEqual({
    status: "failed",
    total: 11,
    first: [{ id: "b", type: "T" }],
  });
  expect(withoutLinted({ status: "stale", total: 2, first }, []).total).toBe(2);
});

it("a sentence behind a name does not begin with it again", () => {
  expect(withoutName("clumsy failed, and nobody started it again", "clumsy")).toBe(
    "failed, and nobody started it again",
  );
  expect(withoutName("`clumsy` failed", "clumsy")).toBe("failed");
  expect(withoutName("clumsy-2 failed", "clumsy")).toBe("clumsy-2 failed");
  expect(withoutName("11 messages for JobActor reached nobody", "JobActor")).toBe(
    "11 messages for JobActor reached nobody",
  );
  expect(withoutName("a process fell silent", null)).toBe("a process fell silent");
});

it("the busiest come first, at most five, and none that did nothing", () => {
  const nodes = [1, 0, 7, null, 3, 4, 5, 6].map((rate, index) => ({ id: `n${index}`, type: "T", count: 1, rate }));
  expect(busiest(nodes).map(({ rate }) => rate)).toEqual([7, 6, 5, 4, 3]);
  expect(busiest([{ id: "a", type: "T", count: 1 }])).toEqual([]);
});
