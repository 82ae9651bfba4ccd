import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { HistoryBy } from "../../api/history";
import { isUnknownHere } from "../../api/inside-queries";
import { condition } from "../../lib/filter/condition";
import { useTrends } from "../../lib/trends/use-trends";
import { ErrorNote } from "../notes";
import { WarnLink } from "../warn-link";
import { newCursor } from "./cursor";
import styles from "./last-hour.module.css";
import { TrendPanel } from "./panel";
import { ACTOR_PANELS, linesOf, metricsOf } from "./panels";

const SHAPES = [ACTOR_PANELS[0], ACTOR_PANELS[3]] as const;
const METRICS = ["rate", "waitP95"] as const;
const SLOTS: ReadonlyMap<string, number> = new Map();
const NONE: readonly string[] = [];

type LastHourProps = { by: Extract<HistoryBy, "type" | "actor">; name: string; level: 2 | 3 };

/** What one type or one actor did in the last hour: its messages, and how long they waited. */
export function LastHour({ by, name, level }: LastHourProps) {
  const filter = condition(by === "type" ? "type" : "id", name);
  // Of a filter's names letters in any case are one: the one that is meant is among few.
  const query = useTrends({ by, filter, range: { last: "1h" }, metrics: METRICS, limit: 20 });
  const [cursor] = useState(newCursor);
  const history = query.data?.history;
  const lines = useMemo(() => {
    const own = history && { ...history, series: history.series.filter((series) => series.name === name) };
    return SHAPES.map((shape) => (own ? linesOf(own, metricsOf(shape, "p95"), SLOTS) : []));
  }, [history, name]);
  if (query.data === undefined && isUnknownHere(query.error)) return null;
  if (query.data === undefined && query.error) {
    return (
      <ErrorNote title="The last hour could not be read." error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  return (
    <div className={styles.hour}>
      <div className={styles.head}>
        <span className="dim">The last hour</span>
        <Link to="/trends" search={{ by, filter, range: "2h" }}>
          Metrics
        </Link>
        <WarnLink metric="errors" by={by} filter={filter} spoken="this" />
      </div>
      <div className={styles.panels}>
        {SHAPES.map((shape, index) => (
          <TrendPanel
            key={shape.key}
            shape={shape}
            note={index === 1 ? "p95" : undefined}
            steps={history}
            lines={lines[index] ?? NO_LINES}
            hidden={NONE}
            hasLegend={false}
            hasNames={false}
            onHide={ignore}
            since={history?.since}
            cursor={cursor}
            view="picture"
            level={level}
            isSmall
          />
        ))}
      </div>
    </div>
  );
}

const NO_LINES: readonly [] = [];

function ignore(): void {}
