import type { ReactNode } from "react";
import type { ActorMap, MapNode } from "../../../api/inside";
import { formatCount, formatMillis, formatRate, plural } from "../../../lib/format";
import { Name } from "../../../ui/name";
import { EmptyNote, TooMuchNote } from "../../../ui/notes";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import styles from "./map-table.module.css";

/** Rows a plain table holds well. */
const MOST_ROWS = 200;

type MapTableProps = { map: ActorMap; link: (node: MapNode) => ReactNode };

/** What the picture shows, in words and numbers: who there is, and who sends to whom. */
export function MapTable({ map, link }: MapTableProps) {
  const nodes = [...map.nodes].sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0));
  const edges = [...map.edges].sort((a, b) => b.rate - a.rate);
  const byId = new Map(map.nodes.map((node) => [node.id, node]));
  const named = (id: string | null | undefined) => {
    const node = id ? byId.get(id) : undefined;
    if (node) return link(node);
    return id ? <Name of={id} cut /> : <span className="dim">outside of all actors</span>;
  };
  return (
    <section className={table.scroll} tabIndex={0} aria-label="The map as tables">
      <TooMany count={nodes.length} word="node" />
      <table className={table.table} aria-label="Who there is">
        <thead>
          <tr>
            <th scope="col" className={table.grow}>
              {map.group === "actor" && !map.grouped ? "Actor" : "Type"}
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Actors
            </th>
            <th scope="col" className={table.wide}>
              Status
            </th>
            <th scope="col" className={table.number}>
              Messages
            </th>
            <th scope="col" className={table.number}>
              Waiting
            </th>
            <th scope="col" className={table.number}>
              Errors
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Queue
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.slice(0, MOST_ROWS).map((node) => (
            <tr key={node.id} data-node-row={node.id}>
              <th scope="row" className={table.grow}>
                {link(node)}
              </th>
              <td className={`${table.number} ${table.wide}`}>{formatCount(node.count)}</td>
              <td className={table.wide}>
                <Statuses of={node.status} />
              </td>
              <td className={table.number}>{formatRate(node.rate)}</td>
              <td className={table.number}>{formatMillis(node.waitMs)}</td>
              <td className={table.number}>{formatRate(node.errors)}</td>
              <td className={`${table.number} ${table.wide}`}>{formatCount(node.queue ?? undefined)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2 className={styles.head}>Who sends to whom</h2>
      {edges.length === 0 && <EmptyNote title="No message was heard in this time." />}
      <TooMany count={edges.length} word="line" />
      {edges.length > 0 && (
        <table className={table.table} aria-label="Who sends to whom">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" className={`${table.grow} ${table.wide}`}>
                Messages
              </th>
              <th scope="col" className={table.number}>
                Rate
              </th>
            </tr>
          </thead>
          <tbody>
            {edges.slice(0, MOST_ROWS).map((edge) => (
              <tr key={JSON.stringify([edge.from, edge.to])} data-edge-row>
                <td className={styles.end}>{named(edge.from)}</td>
                <td className={styles.end}>{named(edge.to)}</td>
                <td className={`${table.grow} ${table.wide} cut mono`}>
                  {(edge.messages ?? []).map(({ type }, index) => (
                    <span key={type}>
                      {index > 0 && ", "}
                      <Name of={type} />
                    </span>
                  ))}
                </td>
                <td className={table.number}>{formatRate(edge.rate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function TooMany({ count, word }: { count: number; word: string }) {
  if (count <= MOST_ROWS) return null;
  return (
    <TooMuchNote>
      The first {MOST_ROWS} of {plural(count, word)}, the liveliest first. Filter to see the others.
    </TooMuchNote>
  );
}

function Statuses({ of = {} }: { of: MapNode["status"] }) {
  return (
    <span className={styles.statuses}>
      {Object.entries(of)
        .filter(([, count]) => count > 0)
        .map(([status, count]) => (
          <span key={status} className={styles.status}>
            <StateWord state={status} iconOnly />
            {formatCount(count)}
          </span>
        ))}
    </span>
  );
}
