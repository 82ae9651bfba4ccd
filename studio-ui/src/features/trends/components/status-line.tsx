import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "../../../api/queries";
import type { Trends } from "../../../lib/trends/asked";
import { isFixed, type Range, SPAN_NAMES } from "../../../lib/trends/range";
import { formatDay, formatLength, formatStep, isOneDay } from "../../../lib/trends/words";
import { Icon } from "../../../ui/icon";
import styles from "./status-line.module.css";

type Query = { data: Trends | undefined; error: Error | null };

/** Of when the pictures are, how fine they are, and whether they go on. Its room is always there: nothing moves below it. */
export function StatusLine({ range, queries }: { range: Range; queries: readonly Query[] }) {
  const history = queries.find(({ data }) => data !== undefined)?.data?.history;
  const kept = useQuery(healthQuery).data?.parts.history;
  const failed = queries.find(({ data, error }) => data !== undefined && error !== null);
  return (
    <div className={styles.line}>
      <span className="dim">
        {history && (
          <>
            {isFixed(range) ? stretch(history) : `${SPAN_NAMES[range.last]}, ${stretch(history)}`}
            {", a value each "}
            {history.step === 1000 ? "second" : formatLength(history.step)}
          </>
        )}
      </span>
      <span role="status" className={styles.trouble}>
        {failed?.error ? (
          <>
            <Icon name="warning" size={14} />
            <span>Stands still. {failed.error.message} It is asked again.</span>
          </>
        ) : (
          kept?.status === "degraded" && (
            <>
              <Icon name="warning" size={14} />
              <span>What is kept is in trouble: {kept.message}</span>
            </>
          )
        )}
      </span>
    </div>
  );
}

function stretch({ from, to }: Trends["history"]): string {
  const sameDay = isOneDay(from, to);
  const day = sameDay && !isOneDay(from, Date.now()) ? `${formatDay(from)} ` : "";
  return `${day}${formatStep(from, 1000, sameDay)} – ${formatStep(to, 1000, sameDay)}`;
}
