import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { sessionQuery } from "../../api/queries";
import { readStretch } from "../../lib/live/read-stretch";
import { useLive } from "../../lib/use-live";
import { mayOrder } from "../../ui/levers";
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

type State = { filter: string; chosen: Chosen; problem?: string | undefined };

/** Who is chosen in a list; undefined for those who may order nothing. Another filter begins anew. */
export function useChoice(list: List, rows: Rows, total: number): Choice | undefined {
  const { windows } = useLive();
  const session = useQuery(sessionQuery);
  const [state, setState] = useState<State>({ filter: list.filter, chosen: NOBODY });
  const here = state.filter === list.filter ? state : { filter: list.filter, chosen: NOBODY, problem: undefined };
  const anchor = useRef<{ list: List; place: number } | undefined>(undefined);
  const { filter, sort } = list;

  const change = useCallback(
    (how: (chosen: Chosen) => Chosen, problem?: string) =>
      setState((before) => ({
        filter,
        chosen: how(before.filter === filter ? before.chosen : NOBODY),
        problem,
      })),
    [filter],
  );
  const add = useCallback(
    async (from: number, count: number, note?: string) => {
      try {
        const found = await readStretch(windows, { filter, sort, from, count: Math.min(count, MOST_CHOSEN) });
        change((chosen) => withAll(chosen, found), note);
      } catch (cause) {
        change((chosen) => chosen, cause instanceof Error ? cause.message : String(cause));
      }
    },
    [windows, filter, sort, change],
  );

  const chosen = useMemo(() => newest(here.chosen, rows.values()), [here.chosen, rows]);
  if (!mayOrder(session.data?.role)) return undefined;
  return {
    chosen,
    problem: here.problem,
    toggle: (place, shown) => {
      const row = shown.get(place);
      if (row === undefined) return;
      anchor.current = { list, place };
      const full = chosen.size >= MOST_CHOSEN && !chosen.has(row.id);
      change((before) => toggled(before, row), full ? `No more than ${MOST_CHOSEN} can be chosen at once.` : undefined);
    },
    extend: (place, shown, first = place) => {
      if (anchor.current?.list !== list) anchor.current = { list, place: first };
      const from = anchor.current.place;
      const known = between(shown, from, place);
      if (known) change((before) => withAll(before, known), known.length > MOST_CHOSEN ? tooMany() : undefined);
      else void add(Math.min(from, place), Math.abs(from - place) + 1);
    },
    all: () => void add(0, total, total > MOST_CHOSEN ? tooMany() : undefined),
    clear: () => {
      anchor.current = undefined;
      change(() => NOBODY);
    },
  };
}

function tooMany(): string {
  return `The first ${MOST_CHOSEN} are chosen: that many can be ordered at once.`;
}
