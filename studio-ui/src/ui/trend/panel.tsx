import { lazy, type ReactNode, Suspense, useMemo, useSyncExternalStore } from "react";
import { load } from "../../lib/load";
import { scaleOf } from "../../lib/trends/scale";
import { formatValue, UNIT_WORDS } from "../../lib/trends/words";
import { visible } from "../../lib/visible";
import { Name } from "../name";
import { countOf, indexAt, type Steps, shareOf, type TrendCursor } from "./cursor";
import { mostWith, type TrendMarks } from "./marks-model";
import { Over, type OverState } from "./over";
import styles from "./panel.module.css";
import { inDrawnOrder, lookOf, mostOf, type TrendLine, type TrendPanelShape } from "./panels";
import { Swatch } from "./swatch";
import { TrendTable } from "./table";

/** The drawing of lines is a chunk of its own: what stands around them is there before it. */
const Plot = lazy(() => load(() => import("./plot")).then(({ Plot }) => ({ default: Plot })));

export type TrendPanelProps = {
  shape: TrendPanelShape;
  /** Beside the title: which quantile it is. */
  note?: string | undefined;
  /** Undefined while they are not known; the room is there all the same. */
  steps: Steps | undefined;
  lines: readonly TrendLine[];
  /** Names of lines that are not drawn. */
  hidden: readonly string[];
  /** Whether each line has buttons below to hide it, as nothing else has. */
  hasLegend: boolean;
  /** Whether lines have the looks of their names, as a legend elsewhere has them. */
  hasNames: boolean;
  onHide: (name: string, hidden: boolean) => void;
  /** The oldest moment that is kept, in milliseconds since 1970. */
  since: number | null | undefined;
  cursor: TrendCursor;
  view: "picture" | "table";
  onZoom?: ((from: number, to: number) => void) | undefined;
  onBack?: (() => void) | undefined;
  level: 2 | 3;
  /** What is drawn over the lines: values to compare with, stretches that stand out. */
  marks?: TrendMarks | undefined;
  /** At the end of its head. */
  aside?: ReactNode;
  /** Lower, for a place within another page. */
  isSmall?: boolean;
};

const NONE: Steps = { from: 0, to: 0, step: 1000 };

/** One metric over time, with the moment under the cursor that all of them share. */
export function TrendPanel(props: TrendPanelProps) {
  const { shape, note, steps, lines: all, hidden, hasLegend, hasNames, onHide } = props;
  const { since, cursor, view, onZoom, onBack, level, marks, aside, isSmall = false } = props;
  const lines = useMemo(() => {
    const shown = all.filter(({ name }) => !hidden.includes(name));
    return inDrawnOrder(shown, hasLegend);
  }, [all, hidden, hasLegend]);
  const isOne = all.length === 1;
  const looks = useMemo(
    () => lines.map(({ slot }) => lookOf(slot, isOne && !hasNames ? (shape.tone ?? "accent") : undefined)),
    [lines, isOne, hasNames, shape.tone],
  );
  const withPeaks = isOne && (steps?.step ?? 0) > 1000;
  const most = useMemo(() => mostOf(lines, withPeaks), [lines, withPeaks]);
  const scale = useMemo(() => scaleOf(shape.unit, mostWith(most?.value, marks)), [shape.unit, most, marks]);
  const Heading = `h${level}` as const;
  return (
    <section className={styles.panel} aria-label={shape.title} data-trend={shape.key} data-small={isSmall || undefined}>
      <div className={styles.head}>
        <Heading>{shape.title}</Heading>
        <span className={styles.unit}>{[UNIT_WORDS[shape.unit], note].filter(Boolean).join(", ")}</span>
        {isOne && <Reading steps={steps ?? NONE} line={all[0]} unit={shape.unit} cursor={cursor} />}
        {aside && <span className={styles.aside}>{aside}</span>}
      </div>
      <div className={styles.body} data-view={view}>
        {view === "table" && steps ? (
          <TrendTable title={shape.title} steps={steps} lines={lines} unit={shape.unit} />
        ) : (
          <>
            {steps && (
              <Suspense>
                <Plot {...{ steps, lines, looks, scale, withPeaks }} unit={shape.unit} />
              </Suspense>
            )}
            <Over
              {...{ shape, lines, looks, scale, cursor, since, marks, onZoom, onBack }}
              steps={steps ?? NONE}
              state={stateOf(steps, all, lines, most)}
            />
          </>
        )}
      </div>
      <div className={styles.foot}>
        {hasLegend ? (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
          <div role="group" aria-label={`Lines of ${shape.title}`} className={styles.legend}>
            {all.map((line) => (
              <button
                key={line.name}
                type="button"
                aria-pressed={!hidden.includes(line.name)}
                onClick={() => onHide(line.name, !hidden.includes(line.name))}
              >
                <Swatch look={lookOf(line.slot)} />
                {visible(line.name)}
                <Reading steps={steps ?? NONE} line={line} unit={shape.unit} cursor={cursor} />
              </button>
            ))}
          </div>
        ) : (
          most && (
            <span className="cut">
              at most {formatValue(shape.unit, most.value)}
              {all.length > 1 && (
                <>
                  {", "}
                  <Name of={most.name} />
                </>
              )}
            </span>
          )
        )}
      </div>
    </section>
  );
}

function stateOf(
  steps: Steps | undefined,
  all: readonly TrendLine[],
  drawn: readonly TrendLine[],
  most: object | undefined,
): OverState {
  if (steps === undefined) return "loading";
  if (most !== undefined) return "drawn";
  return all.length > 0 && drawn.length === 0 ? "hidden" : "empty";
}

type ReadingProps = { steps: Steps; line: TrendLine | undefined; unit: TrendPanelShape["unit"]; cursor: TrendCursor };

/** The value under the cursor, or the newest. */
function Reading({ steps, line, unit, cursor }: ReadingProps) {
  const index = useSyncExternalStore(cursor.subscribe, () => {
    const at = cursor.get()?.at;
    return at === undefined || shareOf(steps, at) === undefined ? undefined : indexAt(steps, at);
  });
  const value = index === undefined ? newest(steps, line) : line?.values[index];
  return <span className={styles.value}>{formatValue(unit, value)}</span>;
}

/** Steps at the end that applications may not have told of yet. */
const LATE = 5;

function newest(steps: Steps, line: TrendLine | undefined): number | null | undefined {
  const count = countOf(steps);
  return line?.values.slice(Math.max(0, count - LATE), count).findLast((value) => value !== null);
}
