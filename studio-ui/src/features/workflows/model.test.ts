import { expect, it } from "vitest";
import type { Workflow } from "../../api/types";
import { handleOf } from "./model";

function workflow(name: string, file: string): Workflow {
  return { name, file, state: "idle" };
}

it("a workflow goes by its name, and by its file where the name is not its own", () => {
  const alone = workflow("Release", ".github/workflows/release.yml");
  const twins = [
    workflow("CI", ".github/workflows/test.yaml"),
    workflow("CI", "flows/diamond.loom.yml"),
    workflow("CI", ".loom.yml"),
  ];
  const all = [alone, ...twins];
  expect(all.map((one) => handleOf(one, all))).toEqual(["Release", "test", "diamond", "loom"]);
});
