import { useQuery } from "@tanstack/react-query";
import { type Channel, type Delivery, deliveriesQuery } from "../../../api/warnings";
import { formatMoment, formatTime, plural } from "../../../lib/format";
import { Name } from "../../../ui/name";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../../ui/notes";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { answerWords } from "../model/words";
import styles from "./now.module.css";

const WHAT: Record<Delivery["what"], string> = { fired: "fires", resolved: "is resolved", test: "A test" };

/** What was sent lately, attempt by attempt, the newest first. */
export function Deliveries({ channels }: { channels: readonly Channel[] }) {
  const query = useQuery(deliveriesQuery);
  const { data } = query;
  if (data === undefined) {
    return query.error ? (
      <ErrorNote title="The deliveries could not be read." error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <LoadingNote what="deliveries" />
    );
  }
  return (
    <section aria-label="Deliveries" className={styles.group}>
      <div className={styles.head}>
        <h2>Deliveries</h2>
        {data.waiting > 0 && <span className="dim">{plural(data.waiting, "message")} waiting to be sent</span>}
      </div>
      {data.dropped > 0 && (
        <TooMuchNote>{plural(data.dropped, "message")} found no room in the queue, and were not sent.</TooMuchNote>
      )}
      {data.deliveries.length === 0 ? (
        <p className="dim">{channels.length === 0 ? "There is nowhere to send to." : "Nothing was sent yet."}</p>
      ) : (
        <section className={`${table.scroll} ${styles.log}`} aria-label="Attempts" tabIndex={0} data-scrolls>
          <ul className={styles.lines}>
            {data.deliveries.map((delivery) => (
              <DeliveryRow key={delivery.id} delivery={delivery} />
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { id, channelName, what, ruleName, subject, attempt, outcome, at, next } = delivery;
  return (
    <li className={styles.row} data-delivery={id} data-outcome={outcome}>
      <StateWord state={outcome} />
      <div className={styles.body}>
        {ruleName != null && (
          <>
            <Name of={ruleName} />
            {subject != null && (
              <>
                {" of "}
                <Name of={subject} />
              </>
            )}{" "}
          </>
        )}
        {WHAT[what]}, to <Name of={channelName} />
        <p className={styles.about}>
          <span>{formatMoment(at)}</span>
          {attempt > 1 && <span>attempt {attempt}</span>}
          <span>{answerWords(delivery)}</span>
          {next != null && <span>again at {formatTime(next)}</span>}
        </p>
      </div>
    </li>
  );
}
