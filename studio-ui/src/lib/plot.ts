/** Numbers over time as a picture: what is not known leaves a gap. */

import type { History } from "../api/inside";

export type Point = { x: number; y: number };

export type Plot = {
  /** Pieces of the line, each without a gap, in a box of 1 by 1 with its origin at the bottom left. */
  pieces: Point[][];
  /** The upper end of the scale: a round number that nothing exceeds. */
  top: number;
  last: number | undefined;
  most: number | undefined;
};

/** `least` is the smallest scale: a line of noise is not blown up to the height of the picture. */
export function plot(series: readonly (number | null)[], least = 1): Plot {
  const known = series.filter((value): value is number => value !== null);
  const most = known.length === 0 ? undefined : known.reduce((a, b) => Math.max(a, b));
  const top = roundUp(Math.max(most ?? 0, least));
  const pieces: Point[][] = [];
  let piece: Point[] | undefined;
  series.forEach((value, index) => {
    if (value === null) {
      piece = undefined;
      return;
    }
    if (piece === undefined) {
      piece = [];
      pieces.push(piece);
    }
    piece.push({ x: series.length < 2 ? 1 : index / (series.length - 1), y: value / top });
  });
  return { pieces, top, last: series.at(-1) ?? undefined, most };
}

/** The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15 … */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * ten >= value * (1 - 1e-9)) ?? 10;
  // As written, without the noise of floating point.
  return Number((step * ten).toPrecision(2));
}

/** As `d` of an SVG path, in a box of this size. */
export function pathOf(piece: readonly Point[], width: number, height: number): string {
  const points = piece.map(({ x, y }) => `${(x * width).toFixed(1)},${((1 - y) * height).toFixed(1)}`);
  // One value alone is a dot, which a round end draws.
  return points.length === 1 ? `M${points[0]}h0.01` : `M${points.join("L")}`;
}

/** The area below it. */
export function areaOf(piece: readonly Point[], width: number, height: number): string {
  const [first, last] = [piece[0], piece.at(-1)];
  if (first === undefined || last === undefined || piece.length < 2) return "";
  return `${pathOf(piece, width, height)}L${(last.x * width).toFixed(1)},${height}L${(first.x * width).toFixed(1)},${height}Z`;
}

/** Fewer values for a narrow picture: the largest of each stretch, since peaks are what is looked for. A stretch without any is a gap. */
export function thinned(series: readonly (number | null)[], most: number): (number | null)[] {
  if (series.length <= most) return [...series];
  const size = Math.ceil(series.length / most);
  const out: (number | null)[] = [];
  // Counted from the end, so that the newest stretch is a whole one.
  for (let end = series.length; end > 0; end -= size) {
    const stretch = series.slice(Math.max(0, end - size), end).filter((value): value is number => value !== null);
    out.unshift(stretch.length === 0 ? null : Math.max(...stretch));
  }
  return out;
}

/** The end of a history: so many seconds, in whole steps. */
export function lastOf(history: History, seconds: number): History {
  const { from, step, ...series } = history;
  const left = Math.max(0, series.rate.length - Math.max(1, Math.round((seconds * 1000) / step)));
  return {
    step,
    from: new Date(Date.parse(from) + left * step).toISOString(),
    rate: series.rate.slice(left),
    errors: series.errors.slice(left),
    queue: series.queue.slice(left),
    waitMs: series.waitMs.slice(left),
    handleMs: series.handleMs.slice(left),
  };
}
