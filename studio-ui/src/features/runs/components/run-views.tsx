import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { formatCount } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import views from "../../../ui/views.module.css";
import type { Findings } from "../model/findings";
import styles from "./run-views.module.css";

export type View = "waterfall" | "annotations" | "summary";

type RunViewsProps = { run: string; view: View | undefined; findings: Findings };

/** What there is to see of a run beside its jobs; what its steps said only where they said something. */
export function RunViews({ run, view, findings: { annotations, summaries } }: RunViewsProps) {
  const said = annotations.length > 0 || summaries.length > 0 || view === "annotations" || view === "summary";
  const errors = annotations.some(({ annotation }) => annotation.level === "error");
  return (
    <nav aria-label="Views of the run" className={views.views}>
      <ViewLink run={run}>Jobs</ViewLink>
      <ViewLink run={run} view="waterfall">
        Waterfall
      </ViewLink>
      {said && (
        <>
          <ViewLink run={run} view="annotations">
            {errors && <Icon name="cross" size={14} />}
            Annotations <span className={styles.count}>{formatCount(annotations.length)}</span>
          </ViewLink>
          <ViewLink run={run} view="summary">
            Summary <span className={styles.count}>{formatCount(summaries.length)}</span>
          </ViewLink>
        </>
      )}
    </nav>
  );
}

function ViewLink({ run, view, children }: { run: string; view?: View; children: ReactNode }) {
  return (
    <Link
      to="/runs/$runId"
      params={{ runId: run }}
      // What else the address says stays, so that one comes back to where one was.
      search={({ view: _, ...rest }) => (view === undefined ? rest : { ...rest, view })}
      replace
      activeOptions={{ exact: true, includeSearch: true }}
      className={styles.view}
    >
      {children}
    </Link>
  );
}
