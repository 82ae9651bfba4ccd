import { Button } from "@mantine/core";
import { formatAge, formatDuration } from "../lib/format";
import { type Connection, connectionWord } from "../lib/live/connection";
import { useConnection, useLive } from "../lib/use-live";
import { useNow } from "../lib/use-now";
import { StateWord } from "../ui/state-word";
import styles from "./connection-badge.module.css";

/** Whether what the page shows is live, and if not, since when. */
export function ConnectionBadge() {
  const live = useLive();
  const connection = useConnection();
  useNow();
  return <ConnectionState connection={connection} now={Date.now()} onRetry={() => live.socket.retryNow()} />;
}

type ConnectionStateProps = { connection: Connection; now: number; onRetry: () => void };

function ConnectionState({ connection, now, onRetry }: ConnectionStateProps) {
  const word = connectionWord(connection, now);
  const { lastFrameAt, nextTryAt } = connection;
  return (
    <div className={styles.badge} data-connection={word} role="status" aria-live="off">
      <span className={styles.word}>
        <StateWord state={word} />
      </span>
      {lastFrameAt !== undefined && <span className={styles.age}>{formatAge(now - lastFrameAt)}</span>}
      {word === "offline" && (
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          {nextTryAt !== undefined && nextTryAt > now ? `Retry (${formatDuration(nextTryAt - now)})` : "Retry"}
        </Button>
      )}
    </div>
  );
}
