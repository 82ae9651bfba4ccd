import { expect, it } from "vitest";
import type { WorkflowInput } from "../../api/workflow-types";
import { firstFilled, givenOf } from "./inputs";

const INPUTS: WorkflowInput[] = [
  { name: "where", type: "choice", required: true, options: ["staging", "production"] },
  { name: "count", type: "number", required: true, default: "3" },
  { name: "dry", type: "boolean", required: false },
  { name: "note", type: "string", required: false },
];

it("a form begins with what was last given where that still fits, else with defaults", () => {
  expect(firstFilled(INPUTS, {})).toEqual({ where: "", count: "3", dry: "false", note: "" });
  const last = { where: "production", count: "5", dry: "true", gone: "x" };
  expect(firstFilled(INPUTS, last)).toEqual({ where: "production", count: "5", dry: "true", note: "" });
  expect(firstFilled(INPUTS, { where: "moon" })).toMatchObject({ where: "" });
});

it("what is empty is left to the workflow, and what is needed is named", () => {
  expect(givenOf(INPUTS, { where: "staging", count: "", dry: "false", note: "" })).toEqual({
    given: { where: "staging", dry: "false" },
    missing: [],
  });
  expect(givenOf(INPUTS, {}).missing).toEqual(["where"]);
});
