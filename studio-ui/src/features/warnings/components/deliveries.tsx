import { useQuery } from "@tanstack/react-query";
import { type Channel, type Delivery, deliveriesQuery } from "../../../api/warnings";
import { formatMoment, plural } from "../../../lib/format";
import { Name } from "../../../ui/name";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../../ui/notes";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { deliveryWords } from "../model/words";
import styles from "./now.module.css";

const WHAT: Record<Delivery["what"], string> = { fired: "fires", resolved: "resolved", test: "test" };

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
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Outcome</th>
                <th scope="col">Time</th>
                <th scope="col">Channel</th>
                <th scope="col">What</th>
                <th scope="col" className={table.number}>
                  Attempt
                </th>
                <th scope="col">Answer</th>
              </tr>
            </thead>
            <tbody>
              {data.deliveries.map((delivery) => (
                <DeliveryRow key={delivery.id} delivery={delivery} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { id, channelName, what, ruleName, subject, attempt, outcome, at, next } = delivery;
  return (
    <tr data-delivery={id} data-outcome={outcome}>
      <td>
        <StateWord state={outcome} />
      </td>
      <td>{formatMoment(at)}</td>
      <td>
        <Name of={channelName} />
      </td>
      <td>
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
        {WHAT[what]}
      </td>
      <td className={table.number}>{attempt}</td>
      <td>
        {deliveryWords(delivery)}
        {next != null && `, again at ${formatMoment(next)}`}
      </td>
    </tr>
  );
}
