import { Link } from "@tanstack/react-router";
import type { ActorMap, MapNode } from "../../../api/inside";
import { condition } from "../../../lib/filter/condition";
import { formatCount, formatMillis, formatRate } from "../../../lib/format";
import { ActorLink } from "../../../ui/actor-link";
import { Name } from "../../../ui/name";
import { EmptyNote } from "../../../ui/notes";
import table from "../../../ui/table.module.css";
import { busiest } from "../model/busiest";
import styles from "./busiest.module.css";

/** Who had the most to do; types where there are too many actors to tell apart. */
export function Busiest({ map }: { map: ActorMap }) {
  const rows = busiest(map.nodes);
  const byType = map.grouped || map.group === "type";
  if (rows.length === 0) return <EmptyNote title="No message was handled in this time." />;
  const most = rows[0]?.rate ?? 1;
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col" className={table.grow}>
              {byType ? "Busiest types" : "Busiest actors"}
            </th>
            <th scope="col" className={table.number}>
              Messages
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Waiting
            </th>
            <th scope="col" className={table.number}>
              Queue
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((node) => (
            <tr key={node.id} data-busy={node.id}>
              <th scope="row" className={table.grow}>
                {byType ? <TypeLink node={node} /> : <ActorLink id={node.id} cut />}
              </th>
              <td className={table.number}>
                <span className={styles.rate}>
                  <span className={styles.bar} style={{ width: `${(60 * (node.rate ?? 0)) / most}px` }} aria-hidden />
                  {formatRate(node.rate)}
                </span>
              </td>
              <td className={`${table.number} ${table.wide}`}>{formatMillis(node.waitMs)}</td>
              <td className={table.number}>{formatCount(node.queue ?? undefined)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TypeLink({ node }: { node: MapNode }) {
  return (
    <Link to="/actors" search={{ filter: condition("type", node.type) }}>
      <Name of={node.type} cut />
    </Link>
  );
}
