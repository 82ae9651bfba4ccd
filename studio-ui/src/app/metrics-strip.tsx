import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { metricsQuery, statusQuery } from "../api/queries";
import type { Metrics, RuntimeStatus } from "../api/types";
import { applicationActors, ofStatus } from "../lib/counts";
import { condition } from "../lib/filter/condition";
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

/** The system in a few numbers, counted as the pages that they lead to count. */
function Figures({ metrics, status }: FiguresProps) {
  const of = (state: string) => metrics && ofStatus(metrics, state);
  const actors = metrics && applicationActors(metrics);
  return (
    <dl className={styles.strip}>
      <Figure name={actors === 1 ? "actor" : "actors"} value={actors} go={{ to: "/actors" }} />
      <Figure name="active" value={of("active")} go={inState("active")} minor />
      <Figure name="idle" value={of("idle")} go={inState("idle")} minor />
      <Figure name="failed" value={of("failed")} go={inState("failed")} unlessNone />
      <Figure name="stale" value={of("stale")} go={inState("stale")} unlessNone />
      <Figure
        name="pending"
        value={metrics?.messageQueues.pendingMessages}
        go={{ to: "/actors", search: { sort: "-queue" } }}
        minor
      />
      {status !== null && (
        <Figure
          name={status?.runs?.running === 1 ? "run running" : "runs running"}
          value={status?.runs?.running}
          go={{ to: "/runs" }}
        />
      )}
    </dl>
  );
}

type Target = Pick<LinkProps, "to" | "search">;

function inState(state: string): Target {
  return { to: "/actors", search: { filter: condition("state", state) } };
}

type FigureProps = {
  name: string;
  value: number | undefined;
  /** Where what is counted is shown. */
  go: Target;
  /** Left out where there is little room. */
  minor?: boolean;
  /** Left out where there is none. */
  unlessNone?: boolean;
};

function Figure({ name, value, go, minor = false, unlessNone = false }: FigureProps): ReactNode {
  if (unlessNone && (value === undefined || Number(value) === 0)) return null;
  return (
    <div className={styles.figure} data-minor={minor || undefined} data-bad={unlessNone || undefined}>
      <dt>{name}</dt>
      <dd>
        <Link {...go} aria-label={`${formatCount(value)} ${name}`}>
          {formatCount(value)}
        </Link>
      </dd>
    </div>
  );
}
