import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "../../../api/client";
import type { JournalLine } from "../../../api/inside";
import { isUnseen } from "../../../api/moment";
import { actorAtQuery } from "../../../api/recording";
import type { ActorRecord } from "../../../api/types";
import { serverClock } from "../../../lib/clock";
import { diffLines } from "../../../lib/diff";
import { formatTime } from "../../../lib/format";
import { DiffTree } from "./diff-tree";
import styles from "./journal.module.css";

/** A process tells what changed within a second of what happened. */
const TOLD_MS = 1000;
/** An answer of the studio is as old as that when it is read here, and a little. */
const LATE_MS = 300;
/** What is another one each time it is asked. */
const ALWAYS_OTHERS = new Set(["lastHeartbeat", "uptime"]);

type RecordThenProps = { actor: string; line: JournalLine; earlier: JournalLine | undefined };

/** The record of the actor as of a line of its journal, and what changed in it since the line before. */
export function RecordThen({ actor, line, earlier }: RecordThenProps) {
  const asOf = useMemo(() => [momentOf(line), momentOf(earlier ?? line)] as const, [line, earlier]);
  const now = useQuery(actorAtQuery(actor, asOf[0]));
  const before = useQuery({
    ...actorAtQuery(actor, asOf[1]),
    enabled: earlier !== undefined,
  });
  const { error } = now;
  if (error instanceof ApiError && isUnseen(error)) {
    return <p className="dim">How its record was then is not recorded.</p>;
  }
  if (error) return <p className="dim">How its record was then could not be read: {error.message}</p>;
  if (now.data === undefined) return null;
  const known = earlier !== undefined && before.data ? { value: plain(before.data) } : undefined;
  return (
    <>
      <h4>Its record then</h4>
      <p className="dim">
        {known ? `What changed since the line before, of ${formatTime(earlier?.time ?? line.time)}, is marked.` : ""}
      </p>
      {now.data === null ? (
        <p className={styles.end}>The studio did not know it then.</p>
      ) : (
        <DiffTree label="Its record then" lines={diffLines(plain(now.data), known).slice(1)} />
      )}
    </>
  );
}

function momentOf({ time }: JournalLine): number {
  // What happened just now is recorded up to now.
  return Math.floor(Math.min(Date.parse(time) + TOLD_MS, serverClock.now() - LATE_MS));
}

function plain(record: ActorRecord): unknown {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !ALWAYS_OTHERS.has(name)));
}
