import { formatAge } from "../lib/format";
import { type Connection, connectionWord } from "../lib/live/connection";
import { useConnection } from "../lib/use-live";
import { useNow } from "../lib/use-now";
import { StateWord } from "../ui/state-word";
import styles from "./connection-badge.module.css";

/** Whether what the page shows is live, and if not, since when. */
export function ConnectionBadge() {
  const connection = useConnection();
  useNow();
  return <ConnectionState connection={connection} now={Date.now()} />;
}

type ConnectionStateProps = { connection: Connection; now: number };

function ConnectionState({ connection, now }: ConnectionStateProps) {
  const word = connectionWord(connection, now);
  const { lastFrameAt } = connection;
  return (
    <div className={styles.badge} data-connection={word} role="status" aria-live="off">
      <span className={styles.word}>
        <StateWord state={word} />
      </span>
      {lastFrameAt !== undefined && <span className={styles.age}>{formatAge(now - lastFrameAt)}</span>}
    </div>
  );
}
