import type { ActorRecord } from "../api/types";
import { formatAge, formatDuration, formatMoment, UNKNOWN } from "../lib/format";
import { heartbeatAge, STALE_AFTER_MS } from "../lib/heartbeat";
import { useIsConnected } from "../lib/use-live";
import { useNow } from "../lib/use-now";

/** How long ago an actor was last known to be alive; the moment itself on hover. */
export function Heartbeat({ actor }: { actor: ActorRecord }) {
  const now = useNow();
  const connected = useIsConnected();
  const age = heartbeatAge(actor, now, connected);
  if (age === undefined) return <span className="dim">{UNKNOWN}</span>;
  const text = age === "fresh" ? `< ${formatDuration(STALE_AFTER_MS)} ago` : formatAge(age);
  return (
    <time dateTime={actor.lastHeartbeat} title={formatMoment(actor.lastHeartbeat)}>
      {text}
    </time>
  );
}
