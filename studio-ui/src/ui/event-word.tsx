import { visible } from "../lib/visible";
import { Icon, type IconName } from "./icon";
import type { Tone } from "./state-look";
import styles from "./state-word.module.css";

type Look = { icon: IconName; tone: Tone; word: string };

const LOOKS: Record<string, Look> = {
  started: { icon: "play", tone: "good", word: "started" },
  stopped: { icon: "stop", tone: "calm", word: "stopped" },
  panicked: { icon: "cross", tone: "bad", word: "panicked" },
  restarted: { icon: "runs", tone: "wait", word: "restarted" },
  gaveUp: { icon: "slash", tone: "bad", word: "gave up" },
  slowMessage: { icon: "clock", tone: "wait", word: "slow message" },
  deadLetter: { icon: "question", tone: "odd", word: "dead letter" },
  error: { icon: "warning", tone: "bad", word: "error" },
  order: { icon: "actors", tone: "busy", word: "order" },
  log: { icon: "logs", tone: "calm", word: "log" },
  note: { icon: "notice", tone: "calm", word: "note" },
  registered: { icon: "play", tone: "calm", word: "registered" },
  failed: { icon: "cross", tone: "bad", word: "failed" },
  stale: { icon: "question", tone: "odd", word: "stale" },
  back: { icon: "runs", tone: "good", word: "back" },
  removed: { icon: "skip", tone: "calm", word: "removed" },
};

/** What a logged line says of itself, in place of its kind. */
const LEVELS: Record<string, Pick<Look, "icon" | "tone">> = {
  error: { icon: "cross", tone: "bad" },
  warn: { icon: "warning", tone: "wait" },
};

type EventWordProps = {
  kind: string;
  /** Of a logged line: how severe it is. */
  level?: string | undefined;
};

/** What kind of thing happened, as icon, word and colour. A word we do not know keeps its text. */
export function EventWord({ kind, level }: EventWordProps) {
  const known = Object.hasOwn(LOOKS, kind) ? LOOKS[kind] : undefined;
  const look = level === undefined || !known ? known : { ...known, ...(Object.hasOwn(LEVELS, level) && LEVELS[level]) };
  const word = [look?.word ?? visible(kind), ...(level === undefined ? [] : [visible(level)])].join(" · ");
  return (
    <span className={styles.state} data-tone={look?.tone ?? "calm"} data-event-word={kind} title={word}>
      <Icon name={look?.icon ?? "disc"} size={14} />
      <span className={styles.word}>{word}</span>
    </span>
  );
}
