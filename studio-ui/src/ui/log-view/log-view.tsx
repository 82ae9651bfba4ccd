import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Step } from "../../api/types";
import { formatCount } from "../../lib/format";
import type { FindLines } from "../../lib/logs/find";
import type { LogBuffer } from "../../lib/logs/log-buffer";
import type { Group } from "../../lib/logs/outline";
import { isWithin, type Pointed, pointedOf, rangeOf } from "../../lib/logs/pointed";
import { Rows } from "../../lib/logs/rows";
import { StepOrder } from "../../lib/steps";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../notes";
import { FindBar } from "./find-bar";
import { HitTicks } from "./hit-ticks";
import { GroupRow, type LineLink, LogRow, SectionRow } from "./log-row";
import styles from "./log-view.module.css";
import { TailPill } from "./tail-pill";
import { useChoice } from "./use-choice";
import { useFind } from "./use-find";
import { useFolds } from "./use-folds";
import { useFollow } from "./use-follow";
import { type Align, type GoTo, useJumps } from "./use-jumps";
import { useStop } from "./use-stop";
import { useTarget } from "./use-target";

const ROW_HEIGHT = 20;
/** Browsers cannot scroll further than some 17 million pixels. */
const MOST_LINES = 500_000;
/** Lines that are fetched ahead for the end of a group, so that it can be folded. */
const LOOK_AHEAD = 10_000;

type LogViewProps = {
  buffer: LogBuffer;
  /** Searches the same log. */
  find: FindLines;
  /** Of the job, for the heads between the lines. */
  steps: readonly Step[];
  /** Whether to start at the end and go along as it grows. */
  atEnd: boolean;
  times: boolean;
  /** The lines that the address points at. */
  line: Pointed | undefined;
  /** A place of a step to go to; a new object goes again. */
  goTo: GoTo | undefined;
  link: LineLink;
  /** The reader has chosen lines; the address is to point at them. */
  onChoose: (line: Pointed) => void;
  /** The reader has turned from the end to something of their own. */
  onLeave?: () => void;
};

/** One job's log: only the lines in sight exist, and only what is near them is fetched. */
export function LogView({
  buffer,
  find: findLines,
  steps,
  atEnd,
  times,
  line,
  goTo,
  link,
  onChoose,
  onLeave,
}: LogViewProps) {
  const state = useSyncExternalStore(buffer.state.subscribe, buffer.state.get);
  const scroll = useRef<HTMLDivElement>(null);
  const total = state.total ?? 0;
  const marked = useMemo(() => rangeOf(line), [line]);
  const first = Math.max(1, total - MOST_LINES + 1);
  const rowsRef = useRef(NO_ROWS);
  const reading = useCallback(
    () => (scroll.current ? rowsRef.current.at(Math.floor(scroll.current.scrollTop / ROW_HEIGHT)).line : undefined),
    [],
  );
  const folds = useFolds(state.groups, marked, reading);
  const rows = useMemo(
    () => new Rows(first, total, state.sections, folds.hidden),
    [first, total, state.sections, folds.hidden],
  );
  rowsRef.current = rows;
  const order = useMemo(() => new StepOrder(steps), [steps]);
  const follow = useFollow(scroll, total, rows.count, atEnd && line === undefined, onLeave);
  const virtualizer = useVirtualizer({
    count: rows.count,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  folds.following.current = follow.following;
  const items = virtualizer.getVirtualItems();

  const top = items[0]?.index ?? 0;
  const bottom = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.count === 0) return;
    const last = rows.at(bottom).line;
    buffer.want(rows.at(top).line, aheadOf(state.groups, rows.at(top).line, last) ?? last);
  }, [buffer, rows, top, bottom, state.groups]);

  useHeldPlace(scroll, rows, follow.following);
  const known = total > 0;
  const { leave } = follow;
  const hold = useTarget(scroll, rows.count > 0);
  const scrollTo = useCallback(
    (row: number, align: Align, offered: boolean) => {
      leave(offered);
      const { line } = rowsRef.current.at(row);
      const isHead = rowsRef.current.rowOfLine(line) !== row;
      const again = () => rowsRef.current.rowOfLine(line) - (isHead ? 1 : 0);
      hold(() => virtualizer.scrollToIndex(again(), { align }), !offered);
    },
    [leave, virtualizer, hold],
  );
  const choice = useChoice(marked, (range) => {
    leave(true);
    onChoose(pointedOf(range));
  });
  const { chosen } = choice;
  const find = useFind(findLines, total, marked, reading, (line) => {
    leave(true);
    onChoose(line);
  });
  const hits = find.state.lines;
  useJumps({ buffer, rows: rowsRef, known, marked, chosen, goTo, order, following: folds.following, scrollTo });
  const stop = useStop({
    scroll,
    rows,
    drawn: items,
    inSight: Math.ceil((virtualizer.scrollOffset ?? 0) / ROW_HEIGHT),
    marked: marked?.first,
    goTo: (row) => {
      leave();
      virtualizer.scrollToIndex(row);
    },
  });
  const { toggle } = folds;
  const onToggle = useCallback(
    (group: number) => {
      // Who opens a group wants to see it, and not the end of the log.
      leave();
      toggle(group);
    },
    [leave, toggle],
  );

  if (state.error && !known)
    return <ErrorNote title="The log could not be read." error={state.error} onRetry={() => buffer.refresh()} />;
  if (state.total === undefined) return <LoadingNote what="the log" />;
  if (!known) return <EmptyNote title={state.complete ? "This job wrote nothing." : "Nothing has been written yet."} />;
  return (
    <div className={styles.view}>
      <FindBar find={find} />
      {state.error && (
        <ErrorNote title="A part of the log could not be read." error={state.error} onRetry={() => buffer.refresh()} />
      )}
      {first > 1 && (
        <TooMuchNote>
          The last {formatCount(MOST_LINES)} of {formatCount(total)} lines; `loom-runtime runs logs` prints them all.
        </TooMuchNote>
      )}
      <div className={styles.body}>
        <section
          ref={scroll}
          aria-label="Log"
          tabIndex={0}
          className={styles.scroll}
          onScroll={follow.onScroll}
          onFocus={stop.onFocus}
          onMouseDown={choice.onMouseDown}
          onClick={choice.onClick}
          onKeyDown={(event) => {
            choice.onKeyDown(event);
            stop.onKeyDown(event);
          }}
        >
          <div
            className={styles.lines}
            style={{ height: virtualizer.getTotalSize(), "--digits": String(total).length } as object}
          >
            <div className={styles.window} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
              {items.map(({ index }) => {
                const row = rows.at(index);
                if (row.kind === "section") {
                  return <SectionRow key={`step-${row.line}`} id={row.step} path={order.path(row.step)} />;
                }
                const shown = {
                  number: row.line,
                  line: buffer.line(row.line),
                  marked: isWithin(marked, row.line),
                  needle: find.isHit(row.line) ? find.needle : undefined,
                  isHit: find.isHit(row.line),
                  stop: row.line === stop.line,
                  times,
                  link,
                };
                const fold = folds.at(row.line);
                return fold ? (
                  <GroupRow key={row.line} {...shown} {...fold} onToggle={onToggle} />
                ) : (
                  <LogRow key={row.line} {...shown} />
                );
              })}
            </div>
          </div>
        </section>
        <HitTicks lines={hits} rows={rows} current={find.current} />
      </div>
      {!follow.following && <TailPill fresh={follow.fresh} complete={state.complete} onClick={follow.follow} />}
    </div>
  );
}

const NO_ROWS = new Rows(1, 0, []);

/** How far to read for the end of a group that begins in sight. */
function aheadOf(groups: readonly Group[], top: number, bottom: number): number | undefined {
  const open = groups.findLast((group) => group.end === undefined && group.line >= top && group.line <= bottom);
  return open && open.line + LOOK_AHEAD;
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
