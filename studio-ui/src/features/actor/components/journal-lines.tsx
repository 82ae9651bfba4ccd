import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { JournalLine } from "../../../api/inside";
import { firstLine, formatMoment, formatTime, plural } from "../../../lib/format";
import { EventWord } from "../../../ui/event-word";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { type JournalRow, levelOf } from "../model/journal-rows";
import styles from "./journal.module.css";

const ROW_HEIGHT = 28;

type JournalLinesProps = {
  rows: readonly JournalRow[];
  open: number | undefined;
  onOpen: (seq: number) => void;
};

/** The lines, and where some are missing; only those in sight exist. */
export function JournalLines({ rows, open, onOpen }: JournalLinesProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  return (
    <section ref={scroll} aria-label="Lines of the journal" tabIndex={0} className={styles.lines}>
      <ol style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const place = { transform: `translateY(${start}px)` };
          return "line" in row ? (
            <li key={row.line.seq} style={place} data-event={row.line.kind}>
              <Line line={row.line} open={open === row.line.seq} onOpen={onOpen} />
            </li>
          ) : (
            <li key={`after ${row.after}`} style={place} className={styles.dropped} data-dropped={row.dropped}>
              <Icon name="warning" size={14} />
              {plural(row.dropped, "line")} {row.dropped === 1 ? "was" : "were"} dropped here: more came at once than is
              kept.
            </li>
          );
        })}
      </ol>
    </section>
  );
}

type LineProps = { line: JournalLine; open: boolean; onOpen: (seq: number) => void };

function Line({ line, open, onOpen }: LineProps) {
  return (
    <button type="button" className={styles.line} aria-expanded={open} onClick={() => onOpen(line.seq)}>
      <time dateTime={line.time} title={formatMoment(line.time)}>
        {formatTime(line.time)}
      </time>
      <EventWord kind={line.kind} level={levelOf(line)} />
      <Name of={firstLine(line.message)} cut />
    </button>
  );
}
