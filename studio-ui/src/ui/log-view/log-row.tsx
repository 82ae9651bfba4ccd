import { Fragment, memo, type ReactNode } from "react";
import type { LogLine, Step } from "../../api/types";
import { formatCount, formatMoment, formatTime, plural } from "../../lib/format";
import { stepState } from "../../lib/jobs";
import { splitAt } from "../../lib/logs/find";
import { type Level, parseMarker } from "../../lib/logs/markers";
import { visible } from "../../lib/visible";
import { Icon } from "../icon";
import { Name } from "../name";
import { StateWord } from "../state-word";
import { Elapsed } from "../time";
import { MOST_CHARACTERS, parseAnsi } from "./ansi";
import styles from "./log-view.module.css";

/** A group of lines, at the line that names it. */
export type Fold = {
  /** Lines below the name; undefined while the end is not known, and nothing can be folded. */
  lines: number | undefined;
  open: boolean;
};

/** The number of a line as a link to it; one of them is a stop of the keyboard. */
export type LineLink = (line: number, stop: boolean) => ReactNode;

type LogRowProps = {
  number: number;
  /** Undefined while it is fetched. */
  line: LogLine | undefined;
  marked: boolean;
  /** Whether the line matches what is sought, and what of it does. */
  isHit: boolean;
  needle: RegExp | undefined;
  times: boolean;
  /** Whether the keyboard stops here. */
  stop: boolean;
  link: LineLink;
};

type GroupRowProps = LogRowProps & Fold & { onToggle: (line: number) => void };

export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { marker, text } = parseMarker(props.line?.message ?? "");
  const level = marker !== undefined && Object.hasOwn(LEVELS, marker) ? (marker as Level) : undefined;
  return (
    <Line {...props} level={level}>
      {props.line === undefined ? (
        "…"
      ) : (
        <>
          {level && <b>{LEVELS[level]}: </b>}
          <Message text={text} needle={props.needle} />
        </>
      )}
    </Line>
  );
});

/** The line that names a group; it folds and unfolds the lines below. */
export const GroupRow = memo(function GroupRow({ lines, open, onToggle, ...props }: GroupRowProps) {
  const { text } = parseMarker(props.line?.message ?? "");
  if (lines === undefined || lines === 0) {
    return (
      <Line {...props}>
        <b>
          <Message text={text} needle={props.needle} />
        </b>
      </Line>
    );
  }
  return (
    <Line {...props}>
      <button
        type="button"
        className={styles.fold}
        aria-expanded={open}
        tabIndex={props.stop ? 0 : -1}
        onClick={() => onToggle(props.number)}
      >
        <Icon name={open ? "unfolded" : "folded"} size={12} />
        <Message text={visible(text) === "" ? "Group" : text} needle={props.needle} />
        {!open && <span className={styles.rest}> {plural(lines, "line")}</span>}
      </button>
    </Line>
  );
});

const LEVELS: Record<Level, string> = { error: "Error", warning: "Warning", notice: "Notice", debug: "Debug" };

type LineProps = LogRowProps & { level?: Level | undefined; children: ReactNode };

function Line({ number, line, marked, isHit, times, stop, link, level, children }: LineProps) {
  return (
    <div
      className={styles.line}
      data-stream={line?.stream}
      data-level={level}
      data-marked={marked}
      data-hit={isHit}
      data-line={number}
    >
      <span className={styles.number}>
        {link(number, stop)}
        {marked && <span className="visually-hidden"> marked </span>}
      </span>
      {times && (
        <time className={styles.time} dateTime={line?.timestamp} title={formatMoment(line?.timestamp)}>
          {formatTime(line?.timestamp)}
        </time>
      )}
      <StreamMark stream={line?.stream} />
      <span className={styles.text}>{children}</span>
    </div>
  );
}

/** Tells the streams apart for those who do not see the colour. */
function StreamMark({ stream }: { stream: string | undefined }) {
  if (stream === "stderr") {
    return (
      <span className={styles.mark} title="stderr">
        !<span className="visually-hidden"> stderr </span>
      </span>
    );
  }
  if (stream === "loom") {
    return (
      <span className={styles.mark} title="a note by Loom">
        ›<span className="visually-hidden"> Loom </span>
      </span>
    );
  }
  return <span className={styles.mark} />;
}

function Message({ text, needle }: { text: string; needle: RegExp | undefined }) {
  const cut = text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text;
  return (
    <>
      {parseAnsi(cut).map((piece, index) => {
        const inside = <Sought text={piece.text} needle={needle} />;
        if (piece.className === "" && piece.color === undefined && piece.background === undefined) {
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move.
          return <Fragment key={index}>{inside}</Fragment>;
        }
        return (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move.
            key={index}
            className={piece.className}
            style={{ color: readable(piece.color, "text"), backgroundColor: readable(piece.background, "back") }}
          >
            {inside}
          </span>
        );
      })}
      {cut.length < text.length && (
        <span className={styles.rest}> … and {formatCount(text.length - cut.length)} more characters</span>
      )}
    </>
  );
}

/** A text in which what is sought is marked. */
function Sought({ text, needle }: { text: string; needle: RegExp | undefined }) {
  if (needle === undefined) return text;
  return splitAt(text, needle).map((piece, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: every second piece is a match, in the order of the text.
    index % 2 === 1 ? <mark key={index}>{piece}</mark> : piece,
  );
}

/** A colour as the step chose it, but never lighter or darker than the theme can bear. */
function readable(colour: string | undefined, use: "text" | "back"): string | undefined {
  return colour && `oklch(from ${colour} clamp(var(--ansi-${use}-least), l, var(--ansi-${use}-most)) c h)`;
}

/** The name of a step above its first line, behind those of the steps that brought it. */
export function SectionRow({ id, path }: { id: string; path: readonly Step[] }) {
  const step = path.at(-1);
  return (
    <div className={styles.section}>
      <span>
        {step && <StateWord state={stepState(step)} iconOnly />}
        {path.slice(0, -1).map((outer) => (
          <span key={outer.id} className={styles.outer}>
            <Name of={outer.name} /> ›
          </span>
        ))}
        <Name of={step?.name ?? `Step ${id}`} />
        {step?.exitCode !== undefined && step.exitCode !== 0 && (
          <span className={styles.exit}>exit code {step.exitCode}</span>
        )}
        {step && (
          <span className={styles.took}>
            <Elapsed from={step.startedAt} to={step.finishedAt} />
          </span>
        )}
      </span>
    </div>
  );
}
