import { expect, it } from "vitest";
import { condition } from "./condition";
import { matches } from "./match";
import { readFilter } from "./read";

it("means just that text, whatever signs are in it", () => {
  for (const type of ["Order", "shop::Order", 'a "quoted" one', "-dash", "a*b", "a,b", ""]) {
    const { filter, error } = readFilter(condition("type", type));
    expect(error).toBeUndefined();
    expect(matches(filter ?? [], { id: "x", type })).toBe(true);
    expect(matches(filter ?? [], { id: "x", type: `${type}!` })).toBe(false);
  }
  expect(condition("type", "Order")).toBe("type:Order");
});
