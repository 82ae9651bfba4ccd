import { Button, CloseButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { JournalLine } from "../../../api/inside";
import { chainQuery, JOURNAL_LIMIT } from "../../../api/inside-queries";
import { firstLine, formatCount, formatMoment, formatTime } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Metadata } from "../../../ui/actor-facts";
import { ActorLink } from "../../../ui/actor-link";
import { EventWord } from "../../../ui/event-word";
import { Name } from "../../../ui/name";
import { levelOf } from "../model/journal-rows";
import styles from "./journal.module.css";
import { RecordThen } from "./record-then";

type JournalDetailProps = {
  actor: string;
  line: JournalLine;
  /** The lines beside it, as far as they are known. */
  earlier: JournalLine | undefined;
  later: JournalLine | undefined;
  onOpen: (seq: number) => void;
  onClose: () => void;
};

/** One line with all that is known of it, and what else happened in the same chain of messages. */
export function JournalDetail({ actor, line, earlier, later, onOpen, onClose }: JournalDetailProps) {
  const { kind, time, message, data, correlationId, seq } = line;
  const detail = useRef<HTMLElement>(null);
  // It stands below the lines, where whoever opened one of them may not look.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another line is another detail.
  useEffect(() => {
    // What it answers is a promise in some browsers, and no way to undo it.
    detail.current?.scrollIntoView?.({ block: "nearest" });
  }, [seq]);
  return (
    <section ref={detail} aria-label="The line" className={styles.detail}>
      <div className={styles.detailHead}>
        <EventWord kind={kind} level={levelOf(line)} />
        <time dateTime={time}>{formatMoment(time)}</time>
        <Step to={earlier} name="Previous" onOpen={onOpen} />
        <Step to={later} name="Next" onOpen={onOpen} />
        <CloseButton size="sm" aria-label="Close the line" onClick={onClose} />
      </div>
      <p className={styles.message}>{message.split("\n").map(visible).join("\n")}</p>
      {data && Object.keys(data).length > 0 && <Metadata metadata={data} />}
      <RecordThen actor={actor} line={line} earlier={earlier} />
      {correlationId && <Chain actor={actor} line={line} correlation={correlationId} />}
    </section>
  );
}

type StepProps = { to: JournalLine | undefined; name: string; onOpen: (seq: number) => void };

function Step({ to, name, onOpen }: StepProps) {
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-disabled={to === undefined || undefined}
      title={to === undefined ? "There is no such line here" : formatTime(to.time)}
      onClick={() => to !== undefined && onOpen(to.seq)}
    >
      {name}
    </Button>
  );
}

type ChainProps = { actor: string; line: JournalLine; correlation: string };

function Chain({ actor, line, correlation }: ChainProps) {
  const { data } = useQuery(chainQuery(correlation));
  const others = data?.filter((other) => other.actor !== actor || other.seq !== line.seq) ?? [];
  if (others.length === 0) return null;
  return (
    <>
      <h4>In the same chain of messages</h4>
      {data !== undefined && data.length >= JOURNAL_LIMIT && (
        <p className="dim">The newest {formatCount(JOURNAL_LIMIT)}; what came before is left out.</p>
      )}
      <ol className={styles.chain}>
        {others.map((other) => (
          <li key={`${other.actor} ${other.seq}`}>
            <time dateTime={other.time}>{formatTime(other.time)}</time>
            <EventWord kind={other.kind} level={levelOf(other)} />
            <ActorLink id={other.actor} cut />
            <Name of={firstLine(other.message)} cut />
          </li>
        ))}
      </ol>
    </>
  );
}
