import type { Finding } from "../../../api/types";
import { formatCount } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { severityOf } from "../model/marks";
import styles from "./finding-list.module.css";

/** Findings that are listed at most; the first mistakes are the ones to mend first. */
const MOST = 200;

type FindingListProps = {
  id: string;
  file: string;
  findings: readonly Finding[];
  /** How many more there are than the studio tells of. */
  omitted: number;
  onGo: (finding: Finding) => void;
};

/** What is wrong, in words; each leads to its place in the text. */
export function FindingList({ id, file, findings, omitted, onGo }: FindingListProps) {
  const more = omitted + Math.max(0, findings.length - MOST);
  return (
    <ul id={id} className={styles.list} aria-label={`Findings in ${file}`}>
      {findings.slice(0, MOST).map((finding, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a finding has no identity; the list is replaced as a whole.
        <li key={index} data-finding={finding.code}>
          {finding.file === file && finding.line ? (
            <button type="button" className={styles.finding} onClick={() => onGo(finding)}>
              <Words finding={finding} />
            </button>
          ) : (
            <div className={`${styles.finding} ${styles.elsewhere}`}>
              <Words finding={finding} file={finding.file === file ? undefined : finding.file} />
            </div>
          )}
        </li>
      ))}
      {more > 0 && <li className={`dim ${styles.more}`}>and {formatCount(more)} more</li>}
    </ul>
  );
}

function Words({ finding, file }: { finding: Finding; file?: string | undefined }) {
  const { line, column, code, message, help } = finding;
  const severity = severityOf(finding);
  const place = [line, column].filter((part) => typeof part === "number").join(":");
  return (
    <>
      <span className={styles.severity} data-severity={severity}>
        <Icon name={severity === "error" ? "cross" : "warning"} size={14} />
        {finding.severity}
      </span>
      <span className={`mono dim ${styles.place}`}>
        {file !== undefined && <Name of={file} mono />}
        {file !== undefined && place !== "" && ":"}
        {place}
      </span>
      <span className={styles.message}>
        {message}
        {help && <span className={`dim ${styles.help}`}>{help}</span>}
        <span className={`mono dim ${styles.code}`}>{code}</span>
      </span>
    </>
  );
}
