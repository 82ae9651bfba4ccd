import { useState } from "react";
import type { History } from "../../api/inside";
import { formatCount, formatMillis, formatRate } from "../../lib/format";
import { Chart, type Cursor } from "./chart";
import styles from "./chart.module.css";

/** Rates, errors, queue and waiting over the same minutes, one beside the other; a pointer over one shows the moment in all. */
export function HistoryCharts({ history }: { history: History }) {
  const [cursor, setCursor] = useState<Cursor>(undefined);
  const { from, step } = history;
  const shared = { from, step, cursor, onCursor: setCursor };
  return (
    <div className={styles.charts}>
      <Chart title="Messages" series={history.rate} format={formatRate} {...shared} />
      <Chart title="Errors" series={history.errors} format={formatRate} tone="bad" {...shared} />
      <Chart title="Queue" series={history.queue} format={formatCount} tone="busy" least={5} {...shared} />
      <Chart title="Waiting" series={history.waitMs} format={formatMillis} tone="wait" {...shared} />
    </div>
  );
}
