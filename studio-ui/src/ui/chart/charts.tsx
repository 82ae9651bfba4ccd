import { useMemo, useState } from "react";
import type { History } from "../../api/inside";
import { formatCount, formatMillis, formatRate } from "../../lib/format";
import { lastOf } from "../../lib/plot";
import { Chart, type Cursor } from "./chart";
import styles from "./chart.module.css";

type HistoryChartsProps = {
  history: History;
  /** How much of it, from its end; all of it where nothing is said. */
  seconds?: number;
  /** What the last of them is called: which of the times it is. */
  waiting?: string;
};

/** Rates, errors, queue and waiting over the same minutes, one beside the other; a pointer over one shows the moment in all. */
export function HistoryCharts({ history: whole, seconds, waiting = "Waiting" }: HistoryChartsProps) {
  const [cursor, setCursor] = useState<Cursor>(undefined);
  const history = useMemo(() => (seconds === undefined ? whole : lastOf(whole, seconds)), [whole, seconds]);
  const { from, step } = history;
  const shared = { from, step, cursor, onCursor: setCursor };
  return (
    <div className={styles.charts}>
      <Chart title="Messages" series={history.rate} format={formatRate} {...shared} />
      <Chart title="Errors" series={history.errors} format={formatRate} tone="bad" {...shared} />
      <Chart title="Queue" series={history.queue} format={formatCount} tone="busy" least={5} {...shared} />
      <Chart title={waiting} series={history.waitMs} format={formatMillis} tone="wait" {...shared} />
    </div>
  );
}
