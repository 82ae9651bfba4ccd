import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { childrenQuery } from "../../../api/inside-queries";
import { condition } from "../../../lib/filter/condition";
import { formatCount, plural } from "../../../lib/format";
import { useRates } from "../../../lib/use-rates";
import { ActorLink } from "../../../ui/actor-link";
import { Name } from "../../../ui/name";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../../ui/notes";
import { Rate } from "../../../ui/rate";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { useWindow } from "./traffic";

const NONE: readonly string[] = [];

/** The actors that this one started. */
export function Children({ id }: { id: string }) {
  const { data, error, refetch, isPending } = useQuery(childrenQuery(id, condition("parent", id)));
  const [seconds] = useWindow();
  const lines = useRates("actors", data?.items.map((child) => child.id) ?? NONE, seconds);
  if (error && data === undefined) {
    return <ErrorNote title="The children could not be read." error={error} onRetry={() => void refetch()} />;
  }
  if (isPending) return <LoadingNote what="children" />;
  if (data.items.length === 0) return <EmptyNote title="It has started no other actor." />;
  return (
    <>
      {data.items.length < data.total && (
        <TooMuchNote>
          {formatCount(data.items.length)} of {plural(data.total, "child", "children")}.{" "}
          <Link to="/actors" search={{ filter: condition("parent", id) }}>
            All of them
          </Link>
        </TooMuchNote>
      )}
      <div className={table.scroll}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col" className={table.grow}>
                Actor
              </th>
              <th scope="col" className={table.wide}>
                Type
              </th>
              <th scope="col" className={table.number}>
                Rate
              </th>
              <th scope="col" className={table.number}>
                Queue
              </th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((child) => (
              <tr key={child.id} data-child={child.id}>
                <td>
                  <StateWord state={child.status} />
                </td>
                <th scope="row" className={table.grow}>
                  <ActorLink id={child.id} cut />
                </th>
                <td className={table.wide}>
                  <Name of={child.type} cut />
                </td>
                <td className={table.number}>
                  <Rate perSecond={child.rates?.messages} line={lines.get(child.id)} />
                </td>
                <td className={table.number}>{formatCount(child.queueDepth)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
