import { type ReactNode, useMemo, useState } from "react";
import type { HistoryBy, HistoryMetric, MetricHistory } from "../../../api/history";
import { formatCount } from "../../../lib/format";
import type { Trends } from "../../../lib/trends/asked";
import { ErrorNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import type { TrendCursor } from "../../../ui/trend/cursor";
import { TrendPanel } from "../../../ui/trend/panel";
import {
  linesOf,
  metricsOf,
  namesOf,
  type Quantile,
  quantileOf,
  type TrendPanelShape,
  withSlots,
} from "../../../ui/trend/panels";
import { WarnLink } from "../../../ui/warn-link";
import styles from "./group.module.css";
import { SeriesLegend } from "./series-legend";

export type TrendsQuery = { data: Trends | undefined; error: Error | null; refetch: () => unknown };

type GroupProps = {
  title: string;
  aside?: string | undefined;
  by: HistoryBy;
  /** Of whom: what is drawn leads to a rule about the same. */
  filter?: string | undefined;
  quantile: Quantile | undefined;
  panels: readonly TrendPanelShape[];
  query: TrendsQuery;
  hidden: readonly string[];
  view: "picture" | "table";
  cursor: TrendCursor;
  /** What is said where there is no line at all. */
  nothing: ReactNode;
  onZoom: (from: number, to: number) => void;
  onBack: () => void;
  onHide: (name: string, hidden: boolean) => void;
};

/** Pictures whose lines are of the same names: one legend for all of them. */
export function Group(props: GroupProps) {
  const { title, aside, by, filter, quantile, panels, query, hidden, nothing, onHide, ...shared } = props;
  const history = query.data?.history;
  const names = useMemo(() => (history ? namesOf(history) : []), [history]);
  const [slots, setSlots] = useState<ReadonlyMap<string, number>>(new Map());
  const next = withSlots(slots, names);
  if (next !== slots) setSlots(next);
  if (history === undefined && query.error) return <Failed title={title} query={query} />;
  const isEmpty = history !== undefined && names.length === 0;
  const hasNames = by !== "all";
  return (
    <section aria-label={title} className={styles.group} data-by={by}>
      <div className={styles.head}>
        <h2>{title}</h2>
        {aside && <span className="dim">{aside}</span>}
        {history && <Rest history={history} by={by} shown={names.length} />}
      </div>
      {hasNames && !isEmpty && <SeriesLegend by={by} names={names} slots={next} hidden={hidden} onHide={onHide} />}
      {isEmpty ? (
        <Panel label={`${title}: nothing`}>{nothing}</Panel>
      ) : (
        <div className={styles.panels}>
          {panels.map((shape) => (
            <TrendOf
              key={shape.key}
              {...{ shape, history, by, filter, quantile, hidden, hasNames, onHide }}
              slots={next}
              {...shared}
            />
          ))}
        </div>
      )}
    </section>
  );
}

type TrendOfProps = Omit<GroupProps, "title" | "aside" | "panels" | "query" | "nothing"> & {
  shape: TrendPanelShape;
  history: MetricHistory | undefined;
  slots: ReadonlyMap<string, number>;
  hasNames: boolean;
};

function TrendOf({ shape, history, by, filter, quantile, slots, hasNames, ...shared }: TrendOfProps) {
  const metrics = metricsOf(shape, quantile);
  const wanted = metrics.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same metrics are another array each time.
  const lines = useMemo(() => (history ? linesOf(history, metrics, slots) : []), [history, wanted, slots]);
  const [metric] = metrics;
  return (
    <TrendPanel
      {...shared}
      shape={shape}
      note={metrics.length === 1 && metric && shape.metrics.length > 1 ? quantileOf(metric) : undefined}
      steps={history}
      lines={lines}
      hasLegend={metrics.length > 1}
      hasNames={hasNames}
      since={history?.since}
      level={3}
      aside={
        metric && <WarnLink metric={warned(metrics) ?? metric} {...{ by, filter }} spoken={shape.title} iconOnly />
      }
    />
  );
}

/** Of quantiles that of which most is said. */
function warned(metrics: readonly HistoryMetric[]): HistoryMetric | undefined {
  return metrics.find((metric) => quantileOf(metric) === "p95");
}

/** That there are more than are drawn. */
function Rest({ history, by, shown }: { history: MetricHistory; by: HistoryBy; shown: number }) {
  const { more, leftOut } = history;
  const words = { all: "", type: "types", actor: "actors", process: "processes" }[by];
  return (
    <span className={styles.rest}>
      {more > 0 && `the ${shown} ${words} with the most; ${formatCount(more)} more, which a filter finds`}
      {more > 0 && leftOut > 0 && "; "}
      {leftOut > 0 && `${formatCount(leftOut)} for whom there was no room`}
    </span>
  );
}

/** A question that has no answer at all. */
function Failed({ title, query }: { title: string; query: TrendsQuery }) {
  return query.error ? (
    <Panel label={title}>
      <ErrorNote title="The metrics could not be read." error={query.error} onRetry={() => void query.refetch()} />
    </Panel>
  ) : null;
}
