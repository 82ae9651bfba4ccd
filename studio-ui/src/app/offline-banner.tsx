import { Button } from "@mantine/core";
import { formatTime } from "../lib/format";
import type { Connection } from "../lib/live/connection";
import { useConnection, useLive } from "../lib/use-live";
import { useNow } from "../lib/use-now";
import { useTroubleOfServers } from "../lib/use-servers";
import { Icon } from "../ui/icon";
import styles from "./offline-banner.module.css";

/** A break shorter than this heals by itself before anybody could read of it. */
const PATIENCE_MS = 1500;

/** What has happened to the line, what that means for what is shown, and what is done about it. */
export function OfflineBanner() {
  const live = useLive();
  const connection = useConnection();
  useNow();
  const now = Date.now();
  const { closedAt, nextTryAt } = connection;
  const broken = closedAt !== undefined && now - closedAt > PATIENCE_MS;
  const trouble = useTroubleOfServers();
  return (
    <div className={styles.place}>
      {/* Always there, so that what appears in it is read aloud; the count on the button is not. */}
      <div role="status">
        {(broken || trouble !== undefined) && (
          <p className={styles.text}>
            <Icon name="warning" />
            <span>{broken ? story(connection, closedAt) : `This studio's server says: ${trouble}.`}</span>
          </p>
        )}
      </div>
      {broken && (
        <Button size="compact-xs" variant="default" onClick={() => live.socket.retryNow()}>
          {nextTryAt !== undefined && nextTryAt > now
            ? `Try now (else in ${Math.ceil((nextTryAt - now) / 1000)} s)`
            : "Trying …"}
        </Button>
      )}
    </div>
  );
}

function story({ lastFrameAt }: Connection, closedAt: number): string {
  const since = formatTime(new Date(closedAt).toISOString());
  if (lastFrameAt === undefined) {
    return `No live line to the studio since ${since}. What is shown was read once and does not change by itself.`;
  }
  return `The studio has not answered since ${since}. What is shown is from then; it goes on by itself once the studio is back.`;
}
