import { useMemo, useState } from "react";
import { heldWith, moves, newestOf, type Rows } from "./model/held-order";
import type { Sort } from "./model/search";

/** Holds the order of rows while the pointer is over them; another list, by its key, starts anew. */
export function useHeldOrder(rows: Rows, sort: Sort, list: string) {
  const [hold, setHold] = useState<{ list: string; rows: Rows } | undefined>(undefined);
  const held = hold?.list === list ? hold : undefined;
  // Who scrolls on with the pointer over the list sees places that were not held yet.
  const all = held && heldWith(held.rows, rows);
  if (held && all && all !== held.rows) setHold({ list, rows: all });
  const shown = useMemo(() => (all ? newestOf(all, rows) : rows), [all, rows]);
  const take = () => {
    if (!held && moves(sort)) setHold({ list, rows });
  };
  return { shown, held: held !== undefined, onPointerMove: take, onPointerLeave: () => setHold(undefined) };
}
