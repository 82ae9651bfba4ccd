import { useMemo, useState } from "react";
import type { ActorRecord } from "../../api/types";
import { inOrderOf, moves } from "./model/held-order";
import type { Sort } from "./model/search";

/** Holds the order of rows while the pointer is over them; another sort starts anew. */
export function useHeldOrder(rows: readonly ActorRecord[], sort: Sort) {
  const [hold, setHold] = useState<{ sort: Sort; ids: readonly string[] } | undefined>(undefined);
  const held = hold?.sort === sort ? hold : undefined;
  const shown = useMemo(() => (held ? inOrderOf(held.ids, rows) : rows), [held, rows]);
  const take = () => {
    if (!held && moves(sort)) setHold({ sort, ids: rows.map((row) => row.id) });
  };
  return { shown, held: held !== undefined, onPointerMove: take, onPointerLeave: () => setHold(undefined) };
}
