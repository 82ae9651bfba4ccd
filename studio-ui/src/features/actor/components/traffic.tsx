import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { actorHistoryQuery, isUnknownHere, trafficQuery } from "../../../api/inside-queries";
import { readWindow, type WindowSeconds } from "../../../lib/window";
import { HistoryCharts } from "../../../ui/chart/charts";
import { DroppedNote } from "../../../ui/dropped-note";
import { MessageTable } from "../../../ui/message-table";
import { EmptyNote, ErrorNote, LoadingNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { LastHour } from "../../../ui/trend/last-hour";
import { WindowSelect } from "../../../ui/window-select";
import styles from "../actor-page.module.css";
import { Neighbours } from "./neighbours";

/** The time that rates are shown of, as the address names it. */
export function useWindow(): [WindowSeconds, (next: WindowSeconds) => void] {
  const { window } = useSearch({ from: "/actors/$id" });
  const navigate = useNavigate({ from: "/actors/$id" });
  const change = (next: WindowSeconds) =>
    void navigate({
      search: ({ window: _, ...rest }) => (next === 60 ? rest : { ...rest, window: next }),
      replace: true,
    });
  return [readWindow(window), change];
}

/** How it does, over the chosen time, and whom it talks to. */
export function Traffic({ id }: { id: string }) {
  const [seconds, setSeconds] = useWindow();
  const history = useQuery(actorHistoryQuery(id));
  const traffic = useQuery(trafficQuery(id, seconds));
  return (
    <Panel
      label="Traffic"
      head={
        <>
          <h2>Traffic</h2>
          <span className={styles.right}>
            <WindowSelect value={seconds} onChange={setSeconds} />
          </span>
        </>
      }
    >
      {isUnknownHere(history.error) ? (
        <EmptyNote title="Nothing was measured of this actor." />
      ) : history.error ? (
        <ErrorNote title="The rates could not be read." error={history.error} onRetry={() => void history.refetch()} />
      ) : history.data ? (
        <HistoryCharts history={history.data} seconds={seconds} />
      ) : (
        <LoadingNote what="rates" />
      )}
      <LastHour by="actor" name={id} level={3} />
      {traffic.error && !isUnknownHere(traffic.error) && (
        <ErrorNote
          title="Whom it talks to could not be read."
          error={traffic.error}
          onRetry={() => void traffic.refetch()}
        />
      )}
      <DroppedNote of={["edges"]} />
      {traffic.data && (
        <div className={styles.neighbours}>
          <Neighbours title="Hears from" empty="No message has reached it." of={traffic.data.hears} />
          <Neighbours title="Talks to" empty="It has sent to no observed actor." of={traffic.data.talks} />
        </div>
      )}
    </Panel>
  );
}

/** Its messages by type. */
export function Messages({ id }: { id: string }) {
  const [seconds] = useWindow();
  const { data, error, refetch } = useQuery(trafficQuery(id, seconds));
  if (isUnknownHere(error)) return <EmptyNote title="Nothing was measured of this actor." />;
  if (error && data === undefined) {
    return <ErrorNote title="The messages could not be read." error={error} onRetry={() => void refetch()} />;
  }
  if (data === undefined) return <LoadingNote what="messages" />;
  return (
    <>
      <DroppedNote of={["messages"]} />
      <MessageTable rows={data.messages} />
    </>
  );
}
