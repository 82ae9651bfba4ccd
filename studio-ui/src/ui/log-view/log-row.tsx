import { memo, type ReactNode } from "react";
import type { LogLine, Step } from "../../api/types";
import { formatCount, formatMoment, formatTime } from "../../lib/format";
import { stepState } from "../../lib/jobs";
import { Name } from "../name";
import { StateWord } from "../state-word";
import { Elapsed } from "../time";
import { MOST_CHARACTERS, parseAnsi } from "./ansi";
import styles from "./log-view.module.css";

type LogRowProps = {
  number: number;
  /** Undefined while it is fetched. */
  line: LogLine | undefined;
  marked: boolean;
  times: boolean;
  link: (line: number) => ReactNode;
};

export const LogRow = memo(function LogRow({ number, line, marked, times, link }: LogRowProps) {
  return (
    <div className={styles.line} data-stream={line?.stream} data-marked={marked} data-line={number}>
      <span className={styles.number}>{link(number)}</span>
      {times && (
        <time className={styles.time} dateTime={line?.timestamp} title={formatMoment(line?.timestamp)}>
          {formatTime(line?.timestamp)}
        </time>
      )}
      <StreamMark stream={line?.stream} />
      <span className={styles.text}>{line === undefined ? "…" : <Message text={line.message} />}</span>
    </div>
  );
});

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

function Message({ text }: { text: string }) {
  const cut = text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text;
  return (
    <>
      {parseAnsi(cut).map((piece, index) => {
        if (piece.className === "" && piece.color === undefined && piece.background === undefined) return piece.text;
        return (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move.
            key={index}
            className={piece.className}
            style={{ color: readable(piece.color, "text"), backgroundColor: readable(piece.background, "back") }}
          >
            {piece.text}
          </span>
        );
      })}
      {cut.length < text.length && (
        <span className={styles.rest}> … and {formatCount(text.length - cut.length)} more characters</span>
      )}
    </>
  );
}

/** A colour as the step chose it, but never lighter or darker than the theme can bear. */
function readable(colour: string | undefined, use: "text" | "back"): string | undefined {
  return colour && `oklch(from ${colour} clamp(var(--ansi-${use}-least), l, var(--ansi-${use}-most)) c h)`;
}

/** The name of a step above its first line. */
export function SectionRow({ index, step }: { index: number; step: Step | undefined }) {
  return (
    <div className={styles.section}>
      <span>
        {step && <StateWord state={stepState(step)} iconOnly />}
        <Name of={step?.name ?? `Step ${index + 1}`} />
        {step && (
          <span className={styles.took}>
            <Elapsed from={step.startedAt} to={step.finishedAt} />
          </span>
        )}
      </span>
    </div>
  );
}
