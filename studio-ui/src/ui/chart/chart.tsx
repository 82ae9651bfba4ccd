import { type PointerEvent, useMemo } from "react";
import { formatTime, UNKNOWN } from "../../lib/format";
import { areaOf, pathOf, plot, thinned } from "../../lib/plot";
import styles from "./chart.module.css";

/** The box that lines are drawn in; the style sheet stretches it to the room there is. */
const WIDTH = 300;
const HEIGHT = 56;
/** More values than this are no longer seen apart. */
const MOST_VALUES = 300;

export type Tone = "accent" | "bad" | "wait" | "busy";

/** A moment that all charts of a group show: its place among their values, from 0 to 1. */
export type Cursor = number | undefined;

type ChartProps = {
  title: string;
  series: readonly (number | null)[];
  /** The moment of the first value, and milliseconds from one to the next. */
  from: string;
  step: number;
  format: (value: number | undefined) => string;
  tone?: Tone;
  /** The smallest scale. */
  least?: number;
  cursor: Cursor;
  onCursor: (cursor: Cursor) => void;
};

/** A number over the last minutes. What is not known leaves a gap; a pointer over it shows what it was then, in all of its group. */
export function Chart(props: ChartProps) {
  const { title, series, from, step, format, tone = "accent", least, cursor, onCursor } = props;
  const { pieces, top, last, most } = useMemo(() => plot(thinned(series, MOST_VALUES), least), [series, least]);
  const index = cursor === undefined ? undefined : Math.round(cursor * (series.length - 1));
  const shown = index === undefined ? last : (series[index] ?? undefined);
  const at = index === undefined ? undefined : new Date(Date.parse(from) + index * step).toISOString();
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    if (box.width > 0) onCursor(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  return (
    <figure className={styles.chart} data-tone={tone} data-chart={title}>
      <figcaption className={styles.head}>
        <span className={styles.title}>{title}</span>
        <span className={styles.at}>{at === undefined ? "" : formatTime(at)}</span>
        <span className={styles.value}>{shown === undefined ? UNKNOWN : format(shown)}</span>
      </figcaption>
      <div className={styles.plot}>
        <svg
          className={styles.svg}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={spoken(title, format, last, most)}
          onPointerMove={move}
          onPointerLeave={() => onCursor(undefined)}
        >
          <line className={styles.ground} x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
          {pieces.map((piece) => (
            <g key={piece[0]?.x}>
              <path className={styles.area} d={areaOf(piece, WIDTH, HEIGHT)} />
              <path className={styles.line} d={pathOf(piece, WIDTH, HEIGHT)} />
            </g>
          ))}
          {cursor !== undefined && (
            <line className={styles.cursor} x1={cursor * WIDTH} x2={cursor * WIDTH} y1="0" y2={HEIGHT} />
          )}
        </svg>
        {pieces.length === 0 && <span className={styles.none}>nothing was measured</span>}
      </div>
      <div className={styles.scale} aria-hidden>
        <span>{spanOf(series.length * step)}</span>
        <span>scale to {format(top)}</span>
      </div>
    </figure>
  );
}

function spoken(
  title: string,
  format: ChartProps["format"],
  last: number | undefined,
  most: number | undefined,
): string {
  if (most === undefined) return `${title}: nothing was measured`;
  return `${title}: now ${last === undefined ? "not known" : format(last)}, at most ${format(most)}`;
}

function spanOf(millis: number): string {
  const minutes = Math.round(millis / 60_000);
  return minutes < 1 ? "last minute" : `last ${minutes} min`;
}
