import { Link } from "@tanstack/react-router";
import type { Schedule } from "../../../api/workflow-types";
import { formatCount, formatDuration, formatMoment } from "../../../lib/format";
import { useNow } from "../../../lib/use-now";
import { Age } from "../../../ui/time";
import styles from "./workflow-table.module.css";

type SchedulesProps = {
  /** What the workflow is called aloud. */
  of: string;
  schedules: readonly Schedule[];
};

/** When a workflow starts by itself, and what came of the last time. */
export function Schedules({ of, schedules }: SchedulesProps) {
  return (
    <ul className={styles.list} aria-label={`When ${of} starts by itself`}>
      {schedules.map((schedule) => (
        <li key={`${schedule.cron} ${schedule.timezone}`} className={styles.schedule}>
          <span className="mono">{schedule.cron}</span>
          <span className="dim">{schedule.timezone}</span>
          {schedule.problem ? (
            <span className={styles.missed}>{schedule.problem}</span>
          ) : (
            <NextTime of={schedule.next[0]} all={schedule.next} />
          )}
          {schedule.last && <LastTime of={of} last={schedule.last} />}
          {schedule.missed && <Missed missed={schedule.missed} />}
        </li>
      ))}
    </ul>
  );
}

function NextTime({ of, all }: { of: string | undefined; all: readonly string[] }) {
  const now = useNow();
  if (of === undefined) return <span className={styles.missed}>there is no such day</span>;
  return (
    <time dateTime={of} title={`next: ${all.map(formatMoment).join(", ")}`}>
      next in {formatDuration(Date.parse(of) - now)}, {formatMoment(of).slice(0, -3)}
    </time>
  );
}

function LastTime({ of, last }: { of: string; last: NonNullable<Schedule["last"]> }) {
  if (last.problem)
    return (
      <span className={styles.missed}>
        no run <Age of={last.at} />: {last.problem}
      </span>
    );
  if (last.runId === undefined) return <span className="dim">a run begins</span>;
  return (
    <Link to="/runs/$runId" params={{ runId: last.runId }}>
      ran <Age of={last.at} />
      <span className="visually-hidden">: {of} by the clock</span>
    </Link>
  );
}

/** From here on times may not have been counted. */
const COUNTED = 1000;

function Missed({ missed }: { missed: NonNullable<Schedule["missed"]> }) {
  const { count, first, last } = missed;
  return (
    <span
      className={styles.missed}
      title={`from ${formatMoment(first)} to ${formatMoment(last)}: nothing that serves the project looked in time`}
    >
      missed {count >= COUNTED && "over "}
      {count === 1 ? "once" : `${formatCount(count)} times`}, <Age of={last} />
    </span>
  );
}
