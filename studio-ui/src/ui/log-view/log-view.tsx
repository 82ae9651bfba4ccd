import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Step } from "../../api/types";
import { formatCount } from "../../lib/format";
import type { LogBuffer } from "../../lib/logs/log-buffer";
import { Rows } from "../../lib/logs/rows";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../notes";
import { LogRow, SectionRow } from "./log-row";
import styles from "./log-view.module.css";
import { TailPill } from "./tail-pill";
import { useFollow } from "./use-follow";
import { useJumps } from "./use-jumps";

const ROW_HEIGHT = 20;
/** Browsers cannot scroll further than some 17 million pixels. */
const MOST_LINES = 500_000;

type LogViewProps = {
  buffer: LogBuffer;
  /** Of the job, for the heads between the lines. */
  steps: readonly Step[];
  /** Whether to start at the end and go along as it grows. */
  atEnd: boolean;
  times: boolean;
  /** A line that the address points at. */
  line: number | undefined;
  /** A step to go to; a new object goes again. */
  goTo: { step: number } | undefined;
  link: (line: number) => ReactNode;
  /** The reader has turned from the end to something of their own. */
  onLeave?: () => void;
};

/** One job's log: only the lines in sight exist, and only what is near them is fetched. */
export function LogView({ buffer, steps, atEnd, times, line, goTo, link, onLeave }: LogViewProps) {
  const state = useSyncExternalStore(buffer.state.subscribe, buffer.state.get);
  const scroll = useRef<HTMLDivElement>(null);
  const total = state.total ?? 0;
  const first = Math.max(1, total - MOST_LINES + 1);
  const rows = useMemo(() => new Rows(first, total, state.sections), [first, total, state.sections]);
  const rowsRef = useRef(rows);
  rowsRef.current = rows;
  const follow = useFollow(scroll, total, rows.count, atEnd && line === undefined, onLeave);
  const virtualizer = useVirtualizer({
    count: rows.count,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  const items = virtualizer.getVirtualItems();

  const top = items[0]?.index ?? 0;
  const bottom = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.count > 0) buffer.want(rows.at(top).line, rows.at(bottom).line);
  }, [buffer, rows, top, bottom]);

  useHeldPlace(scroll, rows, follow.following);
  const known = total > 0;
  const { leave } = follow;
  const scrollTo = useCallback(
    (row: number, align: "start" | "center") => {
      leave();
      virtualizer.scrollToIndex(row, { align });
    },
    [leave, virtualizer],
  );
  useJumps({ buffer, rows: rowsRef, known, line, goTo, scrollTo });

  if (state.error && !known)
    return <ErrorNote title="The log could not be read." error={state.error} onRetry={() => buffer.refresh()} />;
  if (state.total === undefined) return <LoadingNote what="the log" />;
  if (!known) return <EmptyNote title={state.complete ? "This job wrote nothing." : "Nothing has been written yet."} />;
  return (
    <div className={styles.view}>
      {state.error && (
        <ErrorNote title="A part of the log could not be read." error={state.error} onRetry={() => buffer.refresh()} />
      )}
      {first > 1 && (
        <TooMuchNote>
          The last {formatCount(MOST_LINES)} of {formatCount(total)} lines; `loom-runtime runs logs` prints them all.
        </TooMuchNote>
      )}
      <section ref={scroll} aria-label="Log" tabIndex={0} className={styles.scroll} onScroll={follow.onScroll}>
        <div
          className={styles.lines}
          style={{ height: virtualizer.getTotalSize(), "--digits": String(total).length } as object}
        >
          <div className={styles.window} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map(({ index }) => {
              const row = rows.at(index);
              return row.kind === "section" ? (
                <SectionRow
                  key={`step-${row.line}`}
                  index={row.step}
                  step={steps.find((step) => step.index === row.step)}
                />
              ) : (
                <LogRow
                  key={row.line}
                  number={row.line}
                  line={buffer.line(row.line)}
                  marked={row.line === line}
                  times={times}
                  link={link}
                />
              );
            })}
          </div>
        </div>
      </section>
      {!follow.following && <TailPill fresh={follow.fresh} complete={state.complete} onClick={follow.follow} />}
    </div>
  );
}

/** Keeps the lines in sight where they are when the head of a step is found above them. */
function useHeldPlace(scroll: React.RefObject<HTMLElement | null>, rows: Rows, following: boolean): void {
  const before = useRef(rows);
  useLayoutEffect(() => {
    const element = scroll.current;
    const old = before.current;
    before.current = rows;
    if (!element || following || old === rows || old.count === 0) return;
    const row = Math.floor(element.scrollTop / ROW_HEIGHT);
    const moved = rows.rowOfLine(old.at(row).line) - old.rowOfLine(old.at(row).line);
    if (moved !== 0) element.scrollTop += moved * ROW_HEIGHT;
  }, [scroll, rows, following]);
}
