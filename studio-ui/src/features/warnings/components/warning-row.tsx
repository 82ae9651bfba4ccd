import { Link } from "@tanstack/react-router";
import type { Rule, Silence as SilenceLine, Warning } from "../../../api/warnings";
import { serverClock } from "../../../lib/clock";
import { formatMoment } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { Sentence } from "../../../ui/sentence";
import { StateWord } from "../../../ui/state-word";
import { Age } from "../../../ui/time";
import { WarningSubject } from "../../../ui/warning-subject";
import { metricsOf } from "../model/links";
import styles from "./now.module.css";
import { Silence } from "./silence";

type WarningRowProps = {
  warning: Warning;
  rule: Rule | undefined;
  /** What keeps it quiet now. */
  silence: SilenceLine | undefined;
  /** Absent where there is nothing to keep quiet. */
  lever?: { barred: string | undefined; pending: boolean; onSilence: (until: number) => void };
};

/** One warning: what it is about, what is wrong with it, since when, and where to look. */
export function WarningRow({ warning, rule, silence, lever }: WarningRowProps) {
  const { id, ruleName, severity, state, subject, sentence, since, resolved, silencedBy } = warning;
  const metrics = metricsOf(warning, rule?.when, serverClock.now());
  const isQuiet = silencedBy != null;
  return (
    <li className={styles.row} data-warning={id} data-state={state} data-severity={severity} data-quiet={isQuiet}>
      <StateWord state={state} />
      <div className={styles.body}>
        <span className={styles.subject}>
          <WarningSubject {...warning} />
        </span>{" "}
        <Sentence text={sentence} />
        <p className={styles.about}>
          {severity === "problem" && (
            <span className={styles.problem}>
              <Icon name="cross" size={12} /> problem
            </span>
          )}
          <Link to="/warnings" search={{ view: "rules", rule: warning.rule }}>
            <Name of={ruleName} />
          </Link>
          <span>
            began <Age of={since} />
          </span>
          {resolved != null && (
            <span>
              resolved <Age of={resolved} />
            </span>
          )}
          {isQuiet && (
            <span className={styles.quiet}>
              <Icon name="pause" size={12} /> silenced
              {silence && ` until ${formatMoment(silence.until)}`}
            </span>
          )}
          {metrics && (
            <Link to="/trends" search={metrics}>
              Metrics
            </Link>
          )}
        </p>
      </div>
      {lever && !isQuiet && <Silence spoken={`${visible(ruleName)} of ${visible(subject)}`} {...lever} />}
    </li>
  );
}
