import { expect, it } from "vitest";
import type { Workflow } from "../../api/workflow-types";
import { handleOf, spokenName } from "./model";

function workflow(name: string, file: string): Workflow {
  return { name, file, state: "idle" };
}

const ALL = [
  workflow("Release", ".github/workflows/release.yml"),
  workflow("CI", ".github/workflows/test.yaml"),
  workflow("CI", ".loom.yml"),
  // Its name is the stem of another file.
  workflow("test", "flows/diamond.loom.yml"),
];

it("a workflow goes by its name, and by its file where the name could mean another one", () => {
  expect(ALL.map((one) => handleOf(one, ALL))).toEqual([
    "Release",
    ".github/workflows/test.yaml",
    ".loom.yml",
    "flows/diamond.loom.yml",
  ]);
});

it("a workflow whose name is not its own is called with its file", () => {
  expect(ALL.map((one) => spokenName(one, ALL))).toEqual([
    "Release",
    "CI (.github/workflows/test.yaml)",
    "CI (.loom.yml)",
    "test",
  ]);
});
