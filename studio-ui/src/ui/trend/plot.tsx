import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { HistoryUnit } from "../../api/history";
import type { Scale } from "../../lib/trends/scale";
import { timeMarks } from "../../lib/trends/time-axis";
import { formatTick } from "../../lib/trends/words";
import { countOf, momentOf, type Steps } from "./cursor";
import type { Look, TrendLine } from "./panels";
import styles from "./plot.module.css";
import { AXIS_HEIGHT, AXIS_WIDTH, PADDING_RIGHT, PADDING_TOP } from "./sizes";

export type PlotProps = {
  steps: Steps;
  lines: readonly TrendLine[];
  looks: readonly Look[];
  unit: HistoryUnit;
  scale: Scale;
  /** Whether the greatest of each step is drawn above the one line there is. */
  withPeaks: boolean;
};

/** Pixels between two marks of the time. */
const MARK_WIDTH = 66;

/** Lines, axes and grid; what is to be pointed at lies over it. */
export function Plot({ steps, lines, looks, unit, scale, withPeaks }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const theme = useTheme();
  const { from, to, step } = steps;
  const data = useMemo<uPlot.AlignedData>(() => {
    const count = countOf({ from, to, step });
    const moments = Array.from({ length: count }, (_, index) => momentOf({ from, to, step }, index));
    const first = lines[0];
    return [moments, ...lines.map(({ values }) => [...values]), ...(withPeaks && first ? [[...first.max]] : [])];
  }, [from, to, step, lines, withPeaks]);
  const shown = useRef({ from, to, scale, data });
  useEffect(() => {
    shown.current = { from, to, scale, data };
  });
  const shape = JSON.stringify([looks, unit, withPeaks]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew where its lines look different; values are put in below.
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const { clientWidth: width, clientHeight: height } = element;
    const made = new uPlot({ width, height, ...optionsOf(element, shown, { looks, unit, withPeaks }) }, [[]], element);
    plot.current = made;
    made.setData(shown.current.data);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = undefined;
      made.destroy();
    };
  }, [shape, theme]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  return <div ref={place} className={styles.plot} aria-hidden />;
}

type Shown = { current: { from: number; to: number; scale: Scale } };

function optionsOf(
  element: Element,
  shown: Shown,
  { looks, unit, withPeaks }: Pick<PlotProps, "looks" | "unit" | "withPeaks">,
): Omit<uPlot.Options, "width" | "height"> {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const [text, grid] = [color("--text-2"), color("--line")];
  const font = `11px ${style.fontFamily}`;
  const series: uPlot.Series[] = looks.map(({ color: name, dashed }) => ({
    stroke: color(name),
    width: 1.5,
    ...(dashed && { dash: [5, 3] }),
    ...(looks.length === 1 && { fill: faint(color(name), 0.12) }),
    points: { show: () => false, filter: alone, size: 4, width: 0, fill: color(name) },
  }));
  const [first] = looks;
  const peaks: uPlot.Series[] =
    withPeaks && first ? [{ stroke: faint(color(first.color), 0.45), width: 1, points: { show: () => false } }] : [];
  return {
    padding: [PADDING_TOP, PADDING_RIGHT, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: false, range: () => [shown.current.from, shown.current.to] },
      y: { range: () => [0, shown.current.scale.top] },
    },
    axes: [
      {
        size: AXIS_HEIGHT,
        gap: 4,
        stroke: text,
        font,
        grid: { show: false },
        ticks: { stroke: grid, width: 1, size: 4 },
        splits: (plot) => marksOf(plot, shown).map(({ at }) => at),
        values: (plot) => marksOf(plot, shown).map(({ label }) => label),
      },
      {
        size: AXIS_WIDTH,
        gap: 6,
        stroke: text,
        font,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        splits: () => shown.current.scale.ticks,
        values: (_, ticks) => ticks.map((tick) => formatTick(unit, tick)),
      },
    ],
    series: [{}, ...series, ...peaks],
    ...(peaks.length > 0 && first && { bands: [{ series: [2, 1], fill: faint(color(first.color), 0.1) }] }),
  };
}

function marksOf(plot: uPlot, { current: { from, to } }: Shown) {
  return timeMarks(from, to, Math.max(2, Math.floor(plot.over.clientWidth / MARK_WIDTH)));
}

/** Values between two gaps are no line; they are drawn as points. */
function alone(plot: uPlot, index: number): number[] | null {
  const values = plot.data[index] ?? [];
  const found: number[] = [];
  values.forEach((value, at) => {
    if (value != null && values[at - 1] == null && values[at + 1] == null) found.push(at);
  });
  return found.length === 0 ? null : found;
}

/** A colour of which this share is seen. */
function faint(color: string, share: number): string {
  return `color-mix(in srgb, ${color} ${share * 100}%, transparent)`;
}

const FORCED = "(forced-colors: active)";

/** Names what the colours depend on: a canvas does not follow the style sheet by itself. */
function useTheme(): string {
  return useSyncExternalStore(subscribeTheme, themeNow);
}

function themeNow(): string {
  const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
  return `${scheme} ${window.matchMedia(FORCED).matches}`;
}

function subscribeTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
  const forced = window.matchMedia(FORCED);
  forced.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    forced.removeEventListener("change", listener);
  };
}
