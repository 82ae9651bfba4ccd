import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { JournalLine } from "../../../api/inside";
import { journalQuery } from "../../../api/inside-queries";
import { firstLine, formatCount, formatMoment, formatTime } from "../../../lib/format";
import { EventWord } from "../../../ui/event-word";
import { Name } from "../../../ui/name";
import { EmptyNote, ErrorNote, LoadingNote } from "../../../ui/notes";
import styles from "./journal.module.css";
import { JournalDetail } from "./journal-detail";

const ROW_HEIGHT = 28;

/** What happened to the actor, the newest first, live. A line opens to all that is known of it. */
export function Journal({ id }: { id: string }) {
  const query = useInfiniteQuery(journalQuery(id));
  const lines = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.toReversed()), [query.data]);
  const [open, setOpen] = useState<number | undefined>(undefined);
  if (query.error && lines.length === 0) {
    return (
      <ErrorNote title="The journal could not be read." error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  if (query.isPending) return <LoadingNote what="the journal" />;
  if (lines.length === 0) {
    return (
      <EmptyNote title="Nothing has happened to it yet.">
        <p className="dim">
          Starts, ends, panics, restarts, slow messages, dead letters and orders stand here, and what its application
          notes.
        </p>
      </EmptyNote>
    );
  }
  const chosen = lines.find(({ seq }) => seq === open);
  const oldest = lines.at(-1)?.seq ?? 1;
  return (
    <div className={styles.journal}>
      <Lines lines={lines} open={open} onOpen={(seq) => setOpen(seq === open ? undefined : seq)} />
      {chosen && <JournalDetail actor={id} line={chosen} onClose={() => setOpen(undefined)} />}
      {query.hasNextPage ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Earlier lines
        </Button>
      ) : (
        oldest > 1 && <p className={styles.end}>{formatCount(oldest - 1)} earlier lines are no longer kept.</p>
      )}
    </div>
  );
}

type LinesProps = { lines: readonly JournalLine[]; open: number | undefined; onOpen: (seq: number) => void };

function Lines({ lines, open, onOpen }: LinesProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  return (
    <section ref={scroll} aria-label="Lines of the journal" tabIndex={0} className={styles.lines}>
      <ol style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          return (
            line && (
              <li key={line.seq} style={{ transform: `translateY(${start}px)` }} data-event={line.kind}>
                <button
                  type="button"
                  className={styles.line}
                  aria-expanded={open === line.seq}
                  onClick={() => onOpen(line.seq)}
                >
                  <time dateTime={line.time} title={formatMoment(line.time)}>
                    {formatTime(line.time)}
                  </time>
                  <EventWord kind={line.kind} />
                  <Name of={firstLine(line.message)} cut />
                </button>
              </li>
            )
          );
        })}
      </ol>
    </section>
  );
}
