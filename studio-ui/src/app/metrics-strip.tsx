import { useQuery } from "@tanstack/react-query";
import { metricsQuery, statusQuery } from "../api/queries";
import type { Metrics, RuntimeStatus } from "../api/types";
import { formatCount } from "../lib/format";
import { useHasWorkflows } from "../lib/use-runtime";
import styles from "./metrics-strip.module.css";

export function MetricsStrip() {
  const metrics = useQuery(metricsQuery);
  const hasWorkflows = useHasWorkflows();
  const status = useQuery({ ...statusQuery, enabled: hasWorkflows });
  return <Figures metrics={metrics.data} status={hasWorkflows ? status.data : null} />;
}

type FiguresProps = {
  metrics: Metrics | undefined;
  /** `null` where no workflows can be run. */
  status: RuntimeStatus | undefined | null;
};

/** The system in six numbers. */
function Figures({ metrics, status }: FiguresProps) {
  const pools = metrics?.actorPools;
  const queues = metrics?.messageQueues;
  return (
    <dl className={styles.strip}>
      <Figure name="actors" value={pools?.totalActors} />
      <Figure name="active" value={pools?.activeActors} />
      <Figure name="idle" value={pools?.idleActors} minor />
      <Figure name="messages" value={queues?.totalMessages} minor />
      <Figure name="pending" value={queues?.pendingMessages} minor />
      {status !== null && <Figure name="runs running" value={status?.runs?.running} />}
    </dl>
  );
}

type FigureProps = {
  name: string;
  value: number | undefined;
  /** Left out where there is little room. */
  minor?: boolean;
};

function Figure({ name, value, minor = false }: FigureProps) {
  return (
    <div className={styles.figure} data-minor={minor || undefined}>
      <dt>{name}</dt>
      <dd>{formatCount(value)}</dd>
    </div>
  );
}
