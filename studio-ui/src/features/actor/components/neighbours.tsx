import type { Neighbour } from "../../../api/inside";
import { formatCount, formatRate } from "../../../lib/format";
import { ActorLink } from "../../../ui/actor-link";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import styles from "./neighbours.module.css";

/** More than this do not fit beside each other; the map has the others. */
const MOST = 8;

type NeighboursProps = { title: string; empty: string; of: readonly Neighbour[] };

/** Who sends to the actor, or whom it sends to, by message, the liveliest first. */
export function Neighbours({ title, empty, of }: NeighboursProps) {
  const sorted = [...of].sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0) || b.count - a.count);
  return (
    <section className={styles.side} aria-label={title}>
      <h3>{title}</h3>
      {sorted.length === 0 && <p className="dim">{empty}</p>}
      <ul className={styles.list}>
        {sorted.slice(0, MOST).map(({ id, message, rate, count }) => (
          <li key={JSON.stringify([id, message])} className={styles.row} data-neighbour={id ?? "outside"}>
            <span className={styles.id}>
              {id ? <ActorLink id={id} cut /> : <span className="dim">outside of all actors</span>}
            </span>
            <span className={styles.message}>
              <Icon name="play" size={10} />
              <Name of={message} cut mono />
            </span>
            <span className={styles.rate} title={`${formatCount(count)} so far`}>
              {formatRate(rate)}
            </span>
          </li>
        ))}
      </ul>
      {sorted.length > MOST && <p className="dim">and {formatCount(sorted.length - MOST)} more</p>}
    </section>
  );
}
