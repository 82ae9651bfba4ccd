import { elapsed, formatAge, formatDuration, formatMoment, UNKNOWN } from "../lib/format";
import { useToldNow } from "../lib/use-live";
import { useNow } from "../lib/use-now";

/** How long ago something was, ticking; the exact moment on hover. */
export function Age({ of }: { of: string | undefined }) {
  const now = useNow();
  if (of === undefined) return <span className="dim">{UNKNOWN}</span>;
  return (
    <time dateTime={of} title={formatMoment(of)}>
      {formatAge(now - Date.parse(of))}
    </time>
  );
}

type ElapsedProps = { from: string | undefined; to: string | undefined };

/** How long something took, ticking while it goes on. */
export function Elapsed({ from, to }: ElapsedProps) {
  return from === undefined || to !== undefined ? (
    <span>{formatDuration(elapsed(from, to, 0))}</span>
  ) : (
    <RunningElapsed from={from} />
  );
}

function RunningElapsed({ from }: { from: string }) {
  const now = useToldNow("tenth");
  return <span>{formatDuration(elapsed(from, undefined, now))}</span>;
}
