import { describe, expect, it } from "vitest";
import type { Job } from "../../../api/types";
import { countsOf, jobTree, lineOf, type TreeNode, total } from "./job-tree";

function job(id: string, state = "success", parent?: string): Job {
  return { id, name: id, state, ...(parent !== undefined && { parent }) };
}

const JOBS = [
  job("lint"),
  { ...job("deploy", "running"), group: true },
  { ...job("deploy#0", "running", "deploy"), group: true },
  job("deploy#0/build", "success", "deploy#0"),
  job("deploy#0/ship", "running", "deploy#0"),
  job("deploy#1", "failure", "deploy"),
];

function ids(nodes: readonly TreeNode[]): unknown[] {
  return nodes.map((node) => (node.children.length > 0 ? [node.job.id, ids(node.children)] : node.job.id));
}

describe("jobTree", () => {
  it("puts combinations and called jobs under what brought them", () => {
    expect(ids(jobTree(JOBS))).toEqual([
      "lint",
      ["deploy", [["deploy#0", ["deploy#0/build", "deploy#0/ship"]], "deploy#1"]],
    ]);
  });

  it("orders combinations by their number, however they came", () => {
    const come = [job("t"), ...["t#10", "t#2", "t#0"].map((id) => job(id, "success", "t"))];
    expect(ids(jobTree(come))).toEqual([["t", ["t#0", "t#2", "t#10"]]]);
  });

  it("keeps a job whose parent is unknown, or goes round", () => {
    const lost = [
      job("a", "success", "gone"),
      job("b", "success", "b"),
      job("c", "success", "d"),
      job("d", "success", "c"),
    ];
    expect(ids(jobTree(lost))).toEqual(["a", "b", "c", "d"]);
  });
});

describe("countsOf", () => {
  it("counts jobs and not groups, what asks for attention first", () => {
    const deploy = jobTree(JOBS)[1] as TreeNode;
    const counts = countsOf(deploy);
    expect(counts).toEqual([
      { state: "failure", count: 1 },
      { state: "running", count: 1 },
      { state: "success", count: 1 },
    ]);
    expect(total(counts)).toBe(3);
  });

  it("counts a state that it does not know", () => {
    const [group] = jobTree([job("t"), job("t#0", "dreaming", "t")]);
    expect(countsOf(group as TreeNode)).toEqual([{ state: "dreaming", count: 1 }]);
  });

  it("is empty for a job that is no group", () => {
    expect(countsOf({ job: job("a"), children: [] })).toEqual([]);
  });
});

describe("lineOf", () => {
  it("is the job with the groups around it", () => {
    expect([...lineOf(JOBS, "deploy#0/ship")]).toEqual(["deploy#0/ship", "deploy#0", "deploy"]);
    expect([...lineOf(JOBS, undefined)]).toEqual([]);
  });
});
