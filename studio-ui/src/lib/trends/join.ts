/** A history that moves on: what came since is put at its end, and what is too old falls out at its begin. */

import type { MetricHistory, MetricSeries } from "../../api/history";

/** Steps that are asked for again, since what applications tell of them comes a little later. */
const AGAIN = 5;

/** From where on to ask for more of it. */
export function restFrom(known: MetricHistory): number {
  return Math.max(known.from, known.to - AGAIN * known.step);
}

/**
 * `known` with what `part` has from its begin on, and no longer than `length` milliseconds. Undefined where they do not fit together: other
 * steps, or a hole between them that nobody asked for.
 */
export function joined(known: MetricHistory, part: MetricHistory, length: number): MetricHistory | undefined {
  const { step } = known;
  const kept = (part.from - known.from) / step;
  const countOf = (history: MetricHistory) => Math.round((history.to - history.from) / step);
  if (part.step !== step || !Number.isInteger(kept) || kept < 0 || kept > countOf(known)) return undefined;
  const more = countOf(part);
  const dropped = Math.max(0, kept + more - Math.round(length / step));
  const parts = new Map(part.series.map((series) => [nameOf(series), series]));
  const end = (old: readonly (number | null)[], next: readonly (number | null)[] | undefined) =>
    [...old.slice(0, kept), ...(next ?? Array<null>(more).fill(null))].slice(dropped);
  const series = known.series.map((one) => {
    const next = parts.get(nameOf(one));
    return { ...one, values: end(one.values, next?.values), max: end(one.max, next?.max) };
  });
  return {
    ...known,
    from: known.from + dropped * step,
    to: part.from + more * step,
    series,
    ...(part.since !== undefined && { since: part.since }),
  };
}

function nameOf({ metric, name }: MetricSeries): string {
  return `${metric} ${name}`;
}
