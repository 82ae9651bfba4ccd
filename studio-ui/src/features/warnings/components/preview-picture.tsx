import { useMemo, useState } from "react";
import type { HistoryBy } from "../../../api/history";
import type { MetricCondition, PreviewRange, WouldFire } from "../../../api/warnings";
import { useTrends } from "../../../lib/trends/use-trends";
import { ErrorNote } from "../../../ui/notes";
import { newCursor } from "../../../ui/trend/cursor";
import type { TrendMarks } from "../../../ui/trend/marks-model";
import { TrendPanel } from "../../../ui/trend/panel";
import { linesOf, namesOf, SLOTS, withSlots } from "../../../ui/trend/panels";
import { metricChoice } from "../model/metrics";

const RANGES = { hour: { last: "1h" }, day: { last: "1d" }, week: { last: "1w" } } as const;
const NO_NAMES: ReadonlyMap<string, number> = new Map();
const NONE: readonly string[] = [];
const NO_LINES: readonly [] = [];

type PreviewPictureProps = {
  metric: string;
  by: HistoryBy;
  filter: string;
  range: PreviewRange;
  /** With a threshold; undefined while that is not known. */
  rule: MetricCondition | undefined;
  firings: readonly WouldFire[];
};

/** The metric of a rule as it was, with the threshold, and the times in which the rule would have fired. */
export function PreviewPicture({ metric: name, by, filter, range, rule, firings }: PreviewPictureProps) {
  const { metric, title, unit, panel } = metricChoice(name);
  const query = useTrends({ by, filter, metrics: [metric], range: RANGES[range], limit: SLOTS });
  const [cursor] = useState(newCursor);
  const history = query.data?.history;
  const lines = useMemo(() => {
    if (history === undefined) return NO_LINES;
    return linesOf(history, [metric], withSlots(NO_NAMES, namesOf(history)));
  }, [history, metric]);
  const marks = useMemo<TrendMarks>(() => marksOf(rule, firings), [rule, firings]);
  if (history === undefined && query.error) {
    return <ErrorNote title="The metric could not be read." error={query.error} onRetry={() => void query.refetch()} />;
  }
  const shape = { ...panel, key: `preview-${metric}`, title, metrics: [metric], unit };
  return (
    <TrendPanel
      {...{ shape, lines, cursor, marks }}
      steps={history}
      hidden={NONE}
      hasLegend={false}
      hasNames={by !== "all"}
      onHide={ignore}
      since={history?.since}
      view="picture"
      level={3}
    />
  );
}

function marksOf(rule: MetricCondition | undefined, firings: readonly WouldFire[]): TrendMarks {
  if (rule === undefined) return { levels: [], stretches: [] };
  const { is, threshold, clear } = rule;
  const clears = clear != null && clear !== threshold ? [{ name: "well", value: clear }] : [];
  return {
    levels: [{ name: is, value: threshold }, ...clears],
    stretches: firings.map(({ fired, resolved }) => ({
      from: Date.parse(fired),
      to: resolved == null ? undefined : Date.parse(resolved),
    })),
  };
}

function ignore(): void {}
