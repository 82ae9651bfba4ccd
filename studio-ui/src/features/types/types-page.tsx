import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import type { TypeRow } from "../../api/inside";
import { isUnknownHere, typesQuery } from "../../api/inside-queries";
import { condition } from "../../lib/filter/condition";
import { formatCount, formatRate, plural } from "../../lib/format";
import { useLook } from "../../lib/use-live";
import { useRates } from "../../lib/use-rates";
import { visible } from "../../lib/visible";
import { readWindow, type WindowSeconds } from "../../lib/window";
import { ActorViews } from "../../ui/actor-views";
import { Icon } from "../../ui/icon";
import { MessageTable, Of, Percentiles } from "../../ui/message-table";
import { Name } from "../../ui/name";
import { NoActors } from "../../ui/no-actors";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { Rate } from "../../ui/rate";
import table from "../../ui/table.module.css";
import { LastHour } from "../../ui/trend/last-hour";
import { WindowSelect } from "../../ui/window-select";
import styles from "./types-page.module.css";

/** Rows a plain table holds well. */
const MOST_ROWS = 200;

/** All actors by type: how many live, what they handle, where it waits. A type opens to its messages. */
export function TypesPage() {
  const { window } = useSearch({ from: "/types" });
  const navigate = useNavigate({ from: "/types" });
  const seconds = readWindow(window);
  const query = useQuery(typesQuery(seconds));
  useLook(undefined, true);
  const rows = [...(query.data ?? [])].sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0) || a.type.localeCompare(b.type));
  return (
    <Page
      title="Actors by type"
      aside={query.data && <span className="dim">{plural(rows.length, "type")}</span>}
      actions={
        <>
          <WindowSelect
            value={seconds}
            onChange={(next) => void navigate({ search: next === 60 ? {} : { window: next }, replace: true })}
          />
          <ActorViews />
        </>
      }
    >
      <Panel label="Types of actors">
        {query.error && !isUnknownHere(query.error) && (
          <ErrorNote title="The types could not be read." error={query.error} onRetry={() => void query.refetch()} />
        )}
        {isUnknownHere(query.error) && <EmptyNote title="This studio measures no traffic." />}
        {query.isPending && <LoadingNote what="types" />}
        {query.data?.length === 0 && <NoActors />}
        {rows.length > MOST_ROWS && (
          <TooMuchNote>
            The busiest {MOST_ROWS} of {plural(rows.length, "type")}.
          </TooMuchNote>
        )}
        {rows.length > 0 && <Types rows={rows.slice(0, MOST_ROWS)} seconds={seconds} />}
      </Panel>
    </Page>
  );
}

function Types({ rows, seconds }: { rows: readonly TypeRow[]; seconds: WindowSeconds }) {
  const names = rows.map((row) => row.type);
  const lines = useRates("types", names, seconds);
  const [open, setOpen] = useState<string | undefined>(undefined);
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col" className={table.grow}>
              Type
            </th>
            <th scope="col" className={table.number}>
              Actors
            </th>
            <th scope="col" className={table.number}>
              Messages
            </th>
            <th scope="col" className={table.number}>
              Errors
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Queue
            </th>
            <th scope="col" className={`${table.number} ${styles.times}`}>
              Waiting <Of />
            </th>
            <th scope="col" className={`${table.number} ${styles.times}`}>
              Handling <Of />
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const isOpen = open === row.type;
            return (
              <Fragment key={row.type}>
                <tr data-type={row.type}>
                  <th scope="row" className={table.grow}>
                    <span className={styles.name}>
                      <button
                        type="button"
                        aria-expanded={isOpen}
                        aria-label={`Messages of ${visible(row.type)}`}
                        onClick={() => setOpen(isOpen ? undefined : row.type)}
                      >
                        <Icon name={isOpen ? "unfolded" : "folded"} size={14} />
                      </button>
                      <Link to="/actors" search={{ filter: condition("type", row.type) }}>
                        <Name of={row.type} cut />
                      </Link>
                    </span>
                  </th>
                  <td className={table.number}>{formatCount(row.live)}</td>
                  <td className={table.number}>
                    <Rate perSecond={row.rate} line={lines.get(row.type)} />
                  </td>
                  <td className={table.number}>{formatRate(row.errorRate)}</td>
                  <td className={`${table.number} ${table.wide}`}>{formatCount(row.queued)}</td>
                  <td className={`${table.number} ${styles.times}`}>
                    <Percentiles of={row.waitMs} />
                  </td>
                  <td className={`${table.number} ${styles.times}`}>
                    <Percentiles of={row.handleMs} />
                  </td>
                </tr>
                {isOpen && (
                  <tr>
                    <td colSpan={7} className={styles.inside}>
                      <LastHour by="type" name={row.type} level={2} />
                      <MessageTable rows={row.messages ?? []} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
