import { memo } from "react";
import type { RateLine } from "../../api/inside";
import { formatRate } from "../../lib/format";
import { pathOf, plot } from "../../lib/plot";
import styles from "./sparkline.module.css";

/** The box that a line is drawn in; the style sheet gives its size on the page. */
const WIDTH = 60;
const HEIGHT = 16;
/** The smallest scale, in messages a second. */
const LEAST = 0.1;

type SparklineProps = {
  /** Undefined while it is not known; the room is there all the same, so that nothing moves. */
  line: RateLine | undefined;
};

/** A rate over the last minutes as a small line, to its own scale, for a place beside its number. */
export const Sparkline = memo(function Sparkline({ line }: SparklineProps) {
  const drawn = line && plot(line.rate, LEAST);
  const words = line && drawn && spoken(line, drawn.last, drawn.most);
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it has a title as soon as there is something to say.
    <svg
      className={styles.box}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      {...(words === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": words })}
      data-sparkline={drawn === undefined ? "none" : drawn.pieces.length === 0 ? "empty" : "drawn"}
    >
      {words !== undefined && <title>{words}</title>}
      <line className={styles.ground} x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      {drawn?.pieces.map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces are only drawn, and the next line is drawn over the last.
        <path key={index} className={styles.line} d={pathOf(piece, WIDTH, HEIGHT - 2)} />
      ))}
    </svg>
  );
});

/** What the line shows, in words. */
export function spoken({ rate, step }: RateLine, last: number | undefined, most: number | undefined): string {
  const minutes = Math.round((rate.length * step) / 60_000);
  const time = minutes <= 1 ? "the last minute" : `the last ${minutes} minutes`;
  if (most === undefined) return `Nothing was measured in ${time}`;
  if (most === 0) return `No messages in ${time}`;
  return `In ${time} at most ${formatRate(most)}, last ${formatRate(last)}`;
}
