/** How high a picture is, and where its lines of the grid are. */

import type { HistoryUnit } from "../../api/history";

export type Scale = { top: number; ticks: number[] };

/** Intervals of the grid at most. */
const MOST_INTERVALS = 4;
/** The smallest scale of each unit, so that a line of noise is not blown up. */
const LEAST: Record<HistoryUnit, number> = { perSecond: 1, count: 4, ms: 1, bytes: 1024 ** 2, cores: 0.1, share: 0.1 };
const MINUTES = [15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((seconds) => seconds * 1000);

/** From zero to a round number that nothing exceeds. */
export function scaleOf(unit: HistoryUnit, most: number | undefined): Scale {
  const wanted = Math.max(Number.isFinite(most) ? (most ?? 0) : 0, LEAST[unit]);
  const step = stepOf(unit, wanted / MOST_INTERVALS);
  const intervals = Math.max(1, Math.ceil(wanted / step - 1e-9));
  const ticks = Array.from({ length: intervals + 1 }, (_, index) => exact(index * step));
  return { top: ticks.at(-1) ?? step, ticks };
}

/** The next round number that is not below. */
function stepOf(unit: HistoryUnit, least: number): number {
  if (unit === "bytes") return 2 ** Math.ceil(Math.log2(least) - 1e-9);
  if (unit === "ms" && least > 10_000) {
    const fits = MINUTES.find((step) => step >= least);
    if (fits !== undefined) return fits;
  }
  const ten = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((factor) => factor * ten >= least * (1 - 1e-9)) ?? 10;
  // What is counted comes whole.
  return unit === "count" ? Math.max(1, exact(factor * ten)) : exact(factor * ten);
}

/** As written, without the noise of floating point. */
function exact(value: number): number {
  return Number(value.toPrecision(12));
}
