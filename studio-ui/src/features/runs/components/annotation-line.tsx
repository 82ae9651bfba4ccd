import type { Annotation } from "../../../api/types";
import { visible } from "../../../lib/visible";
import { Icon, type IconName } from "../../../ui/icon";
import { placeOf } from "../model/findings";
import styles from "./annotations.module.css";

const LOOKS: Record<string, { icon: IconName; tone: string }> = {
  error: { icon: "cross", tone: "bad" },
  warning: { icon: "warning", tone: "wait" },
  notice: { icon: "notice", tone: "busy" },
};

/** How bad, where, and what; the place is text, for the file is on another machine or long since changed. */
export function AnnotationLine({ of: annotation }: { of: Annotation }) {
  const place = placeOf(annotation);
  const { icon, tone } = (Object.hasOwn(LOOKS, annotation.level) && LOOKS[annotation.level]) || NOTICE;
  return (
    <div className={styles.annotation} data-tone={tone} data-level={annotation.level}>
      <Icon name={icon} size={14} />
      <div className={styles.words}>
        <span className="visually-hidden">{visible(annotation.level)}: </span>
        {annotation.title && <b className={styles.title}>{visible(annotation.title)}</b>}
        {place !== undefined && <bdi className={`mono ${styles.place}`}>{visible(place)}</bdi>}
        <span className={styles.message}>{lines(annotation.message)}</span>
      </div>
    </div>
  );
}

const NOTICE = { icon: "notice", tone: "busy" } as const;

/** A message may have several lines; all else that cannot be seen is written out. */
function lines(message: string): string {
  return message.split(/\r?\n/).map(visible).join("\n");
}
