import { Button } from "@mantine/core";
import { formatCount, plural } from "../../../lib/format";
import { ActorLink } from "../../../ui/actor-link";
import { Icon } from "../../../ui/icon";
import { nameOfOrder } from "../../../ui/levers";
import { Sentence } from "../../../ui/sentence";
import { countsOf, type Outcome } from "../model/give-many";
import type { Carrying } from "../use-many-orders";
import styles from "./choice-bar.module.css";

/** Actors that are written out; of more, the first. */
const MOST_LINES = 200;

/** How far an order to many is: how many did it, and by name all that did not. */
export function ManyOutcomes({ carrying, onClose }: { carrying: Carrying; onClose: () => void }) {
  const { plan, progress, stop } = carrying;
  const { outcomes, full, over } = progress;
  const counts = countsOf(outcomes);
  const all = outcomes.size;
  const ended = all - counts.waiting - counts.given;
  const { title } = nameOfOrder(plan.order);
  const failed = [...outcomes].filter(([, { state }]) => state === "failed");
  const open = [...outcomes].filter(([, { state }]) => state === "unanswered" || state === "kept");
  return (
    <div className={styles.outcomes} data-many-over={over}>
      <div className={styles.row}>
        <strong>
          {title}: {plural(all, "actor")}
        </strong>
        <span className={styles.counts}>{wordsOf(counts, all, over)}</span>
        {/* Read aloud once it is over, and not with each actor; how far it is, the bar says. */}
        <span role="status" className="visually-hidden">
          {over && `${title}: ${wordsOf(counts, all, over)}`}
        </span>
        {full && !over && (
          <span className="dim">The studio has no room for more orders at the moment: it goes on.</span>
        )}
        <span className={styles.end}>
          {!over && counts.waiting > 0 && (
            <Button size="compact-sm" variant="default" leftSection={<Icon name="stop" size={12} />} onClick={stop}>
              Order no more
            </Button>
          )}
          {over && (
            <Button size="compact-sm" variant="default" onClick={onClose}>
              Close
            </Button>
          )}
        </span>
      </div>
      <progress className={styles.progress} max={all} value={ended} aria-label={`${title}: actors with an outcome`} />
      <Lines title="Failed" lines={failed} />
      {over && <Lines title="Open" lines={open} />}
    </div>
  );
}

function wordsOf(counts: ReturnType<typeof countsOf>, all: number, over: boolean): string {
  const words = [`${formatCount(counts.done)} of ${formatCount(all)} done`];
  if (counts.failed > 0) words.push(`${formatCount(counts.failed)} failed`);
  if (counts.given > 0) words.push(`${formatCount(counts.given)} not answered yet`);
  if (counts.unanswered > 0) words.push(`${formatCount(counts.unanswered)} passed on without an answer so far`);
  if (counts.kept > 0) words.push(`${formatCount(counts.kept)} not ordered`);
  return `${words.join(", ")}${over ? "." : " …"}`;
}

function Lines({ title, lines }: { title: string; lines: readonly [string, Outcome][] }) {
  if (lines.length === 0) return null;
  return (
    <section aria-label={title} tabIndex={0} className={styles.lines}>
      <ul>
        {lines.slice(0, MOST_LINES).map(([id, outcome]) => (
          <li key={id} data-outcome={outcome.state}>
            <Icon name={outcome.state === "failed" ? "cross" : "clock"} size={14} />
            <ActorLink id={id} cut />
            <span>
              <Sentence text={outcome.problem ?? WORDS[outcome.state]} />
            </span>
          </li>
        ))}
      </ul>
      {lines.length > MOST_LINES && <p className="dim">and {formatCount(lines.length - MOST_LINES)} more</p>}
    </section>
  );
}

const WORDS: Record<Outcome["state"], string> = {
  waiting: "waits",
  given: "passed on",
  done: "done",
  failed: "failed",
  unanswered: "passed on; no answer has come",
  kept: "not ordered",
};
