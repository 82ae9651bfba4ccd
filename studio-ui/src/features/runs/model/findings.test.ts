import { describe, expect, it } from "vitest";
import type { Annotation, Job } from "../../../api/types";
import { findingsOf, placeOf } from "./findings";

describe("findingsOf", () => {
  const says = (level: string, message: string): Annotation => ({ level, message });
  const step = (index: number, more: object) => ({
    index,
    id: String(index),
    name: `s${index}`,
    state: "success",
    ...more,
  });
  const jobs: Job[] = [
    {
      id: "a",
      name: "a",
      state: "success",
      steps: [
        step(0, { annotations: [says("notice", "n"), says("error", "e1")], summary: "# A" }),
        step(1, { summary: " \n" }),
      ],
    },
    {
      id: "b",
      name: "b",
      state: "failure",
      steps: [step(0, { annotations: [says("warning", "w"), says("error", "e2"), says("new", "x")] })],
    },
    { id: "c", name: "c", state: "waiting" },
  ];

  it("puts the gravest first, else in the order of the jobs", () => {
    const { annotations } = findingsOf(jobs);
    expect(annotations.map(({ annotation }) => annotation.message)).toEqual(["e1", "e2", "w", "n", "x"]);
    expect(annotations[1]).toMatchObject({ job: { id: "b" }, step: { id: "0" } });
  });

  it("leaves out summaries that say nothing", () => {
    expect(findingsOf(jobs).summaries.map(({ text }) => text)).toEqual(["# A"]);
  });
});

describe("placeOf", () => {
  it.each<[Partial<Annotation>, string | undefined]>([
    [{}, undefined],
    [{ file: "" }, undefined],
    [{ file: "a.c" }, "a.c"],
    [{ file: "a.c", line: 3 }, "a.c:3"],
    [{ file: "a.c", line: 3, column: 7 }, "a.c:3:7"],
    [{ file: "a.c", line: 3, endLine: 3, column: 7 }, "a.c:3:7"],
    [{ file: "a.c", line: 3, endLine: 5, column: 7 }, "a.c:3-5"],
    [{ line: 3 }, undefined],
  ])("of %j is %s", (at, place) => expect(placeOf({ level: "error", message: "", ...at })).toBe(place));
});
