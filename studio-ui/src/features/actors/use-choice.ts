import { useEffect, useMemo, useRef, useState } from "react";
import type { ActorRecord } from "../../api/types";
import { readStretch } from "../../lib/live/read-stretch";
import { useLive } from "../../lib/use-live";
import { usePastReason } from "../../lib/use-moment";
import { useBarred } from "../../lib/use-session";
import { between, type Chosen, MOST_CHOSEN, NOBODY, newest, toggled, withAll } from "./model/choice";
import type { Rows } from "./model/held-order";
import type { List } from "./model/wanted";

export type Choice = {
  chosen: Chosen;
  /** Why not all were chosen that somebody wanted. */
  problem: string | undefined;
  toggle: (place: number, rows: Rows) => void;
  /** Everybody from the last one chosen to this place; from `first` where nobody was chosen last. */
  extend: (place: number, rows: Rows, first?: number) => void;
  /** All that the filter finds, as far as there is room. */
  all: () => void;
  clear: () => void;
};

const FULL = `No more than ${MOST_CHOSEN} can be chosen at once.`;

type State = { filter: string; chosen: Chosen; problem?: string | undefined };

/** Who is chosen in a list; undefined for those who may order nothing. Another filter begins anew. */
export function useChoice(list: List, rows: Rows, total: number): Choice | undefined {
  const { windows } = useLive();
  const barred = useBarred();
  const past = usePastReason();
  const [state, setState] = useState<State>({ filter: list.filter, chosen: NOBODY });
  const here = state.filter === list.filter ? state : { filter: list.filter, chosen: NOBODY, problem: undefined };
  const anchor = useRef<{ list: List; place: number } | undefined>(undefined);
  const { filter, sort } = list;

  const latest = useRef(filter);
  useEffect(() => {
    latest.current = filter;
  });

  const change = (how: (chosen: Chosen) => Chosen, problem?: string) =>
    setState((before) => ({ filter, chosen: how(before.filter === filter ? before.chosen : NOBODY), problem }));
  const join = (rows: readonly ActorRecord[], wanted = rows.length) =>
    setState((before) => {
      const chosen = withAll(before.filter === filter ? before.chosen : NOBODY, rows);
      const isFull = wanted > MOST_CHOSEN || rows.some(({ id }) => !chosen.has(id));
      return { filter, chosen, problem: isFull ? FULL : undefined };
    });
  const read = async (from: number, count: number) => {
    try {
      const found = await readStretch(windows, { filter, sort, from, count: Math.min(count, MOST_CHOSEN) });
      // Whoever looks for others by now has chosen nobody of these.
      if (latest.current === filter) join(found, count);
    } catch (cause) {
      if (latest.current === filter) change((chosen) => chosen, cause instanceof Error ? cause.message : String(cause));
    }
  };

  const chosen = useMemo(() => newest(here.chosen, rows.values()), [here.chosen, rows]);
  if (past !== undefined || barred !== undefined) return undefined;
  return {
    chosen,
    problem: here.problem,
    toggle: (place, shown) => {
      const row = shown.get(place);
      if (row === undefined) return;
      anchor.current = { list, place };
      if (chosen.has(row.id)) change((before) => toggled(before, row));
      else join([row]);
    },
    extend: (place, shown, first = place) => {
      if (anchor.current?.list !== list) anchor.current = { list, place: first };
      const from = anchor.current.place;
      const known = between(shown, from, place);
      if (known) join(known);
      else void read(Math.min(from, place), Math.abs(from - place) + 1);
    },
    all: () => void read(0, total),
    clear: () => {
      anchor.current = undefined;
      change(() => NOBODY);
    },
  };
}
