import { expect, it } from "vitest";
import type { Job } from "../../../api/types";
import { nextFailure } from "./next-failure";

const job = (id: string, state: string, group?: true): Job => ({ id, name: id, state, ...(group && { group }) });
const JOBS = [
  job("all", "failure", true),
  job("a", "failure"),
  job("b", "success"),
  job("c", "lost"),
  job("d", "failure"),
];

it("goes from one failed job to the next, and from the last to the first; groups are none", () => {
  const next = (shown?: string) => nextFailure(JOBS, shown)?.job.id;
  expect(["a", "b", "c", "d", undefined, "gone"].map(next)).toEqual(["c", "c", "d", "a", "a", "a"]);
  expect(nextFailure(JOBS, "a")?.count).toBe(3);
});

it("leads nowhere from the only one, nor where nothing failed", () => {
  expect(nextFailure([job("a", "failure"), job("b", "success")], "a")).toBeUndefined();
  expect(nextFailure([job("a", "failure"), job("b", "success")], "b")?.job.id).toBe("a");
  expect(nextFailure([job("b", "success")], "b")).toBeUndefined();
  expect(nextFailure([], undefined)).toBeUndefined();
});
