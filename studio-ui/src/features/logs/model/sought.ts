import type { LogHit, Sought } from "../../../api/types";

/** What the address of the page searches for. */
export function soughtOf({ q = "", regex = false, sensitive = false }: Asked): Sought {
  return { text: q, regex, sensitive };
}

type Asked = { q?: string; regex?: boolean; sensitive?: boolean };

export type FoundInRun = { runId: string; workflow: string; hits: LogHit[] };

/** Hits by the run that they are in, in their order. */
export function byRun(hits: readonly LogHit[]): FoundInRun[] {
  const runs: FoundInRun[] = [];
  for (const hit of hits) {
    const last = runs.at(-1);
    if (last?.runId === hit.runId) last.hits.push(hit);
    else runs.push({ runId: hit.runId, workflow: hit.workflow, hits: [hit] });
  }
  return runs;
}
