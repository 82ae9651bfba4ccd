/** What the steps of a run said for people: annotations of places in files, and summaries. */

import type { Annotation, Job, Step } from "../../../api/types";

export type Finding = { job: Job; step: Step; annotation: Annotation };
export type Summary = { job: Job; step: Step; text: string };
export type Findings = { annotations: readonly Finding[]; summaries: readonly Summary[] };

const GRAVITY: readonly string[] = ["error", "warning", "notice"];

/** Annotations with the gravest first, summaries in the order of the jobs and steps. */
export function findingsOf(jobs: readonly Job[]): Findings {
  const annotations: Finding[] = [];
  const summaries: Summary[] = [];
  for (const job of jobs) {
    for (const step of job.steps ?? []) {
      for (const annotation of step.annotations ?? []) annotations.push({ job, step, annotation });
      if (step.summary !== undefined && step.summary.trim() !== "") summaries.push({ job, step, text: step.summary });
    }
  }
  annotations.sort((a, b) => gravity(a.annotation) - gravity(b.annotation));
  return { annotations, summaries };
}

function gravity({ level }: Annotation): number {
  const known = GRAVITY.indexOf(level);
  return known < 0 ? GRAVITY.length : known;
}

/** `src/app.ts:10:3`, `src/app.ts:10-12`; undefined when it is about no file. */
export function placeOf({ file, line, endLine, column }: Annotation): string | undefined {
  if (file === undefined || file === "") return undefined;
  if (line === undefined) return file;
  if (endLine !== undefined && endLine > line) return `${file}:${line}-${endLine}`;
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** `2 errors, 1 warning` of annotations. */
export function levelCounts(annotations: readonly Finding[]): { level: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { annotation } of annotations) counts.set(annotation.level, (counts.get(annotation.level) ?? 0) + 1);
  return [...counts].map(([level, count]) => ({ level, count }));
}
