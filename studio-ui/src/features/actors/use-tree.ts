import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { TreeLine } from "../../api/inside";
import { treeQuery } from "../../api/inside-queries";
import { type Folds, type FoldsInAddress, folded, foldsInAddress, opened } from "./model/tree";
import type { List } from "./model/wanted";
import { type Range, useStretch } from "./use-actors";

/** A line of the tree with the name of its actor, as lists have them. */
export type TreeRow = TreeLine & { id: string };

export type Tree = {
  loaded: boolean;
  error: Error | undefined;
  retry: () => void;
  /** Lines of the tree as it is folded out. */
  total: number;
  /** How many actors the filter finds, and of how many of them the tree is made. */
  found: number;
  taken: number;
  /** By place, as far as they are in sight. */
  rows: ReadonlyMap<number, TreeRow>;
  /** Whether it is another tree than before, whose lines have nothing to do with those. */
  list: string;
  fold: (id: string) => void;
  open: (lines: Iterable<TreeLine>) => void;
  foldAll: (unfold: Folds["unfold"]) => void;
  onRange: (range: Range) => void;
};

type Chosen = { list: string; folds: Folds };

/** How the tree is folded out by the address, and who keeps it there. */
type Address = { folds: FoldsInAddress; onFold: (folds: FoldsInAddress) => void };

/** The tree that a filter finds, as far as it is folded out and in sight. What somebody looks for is folded out at first. */
export function useTree({ filter }: List, searched: boolean, address: Address): Tree {
  const first = searched ? "all" : "roots";
  const start: Folds = { unfold: address.folds.unfold ?? first, except: address.folds.except ?? [] };
  const list = `${searched} ${filter}`;
  // An address has room for some; who folds more has them all as long as the page is open.
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
  const folds = chosen?.list === list ? chosen.folds : start;
  const { from, count, onRange } = useStretch(list);
  const { data, error, refetch } = useQuery(
    treeQuery({ filter, unfold: folds.unfold, except: [...folds.except], from, count }),
  );
  const rows = useMemo(() => {
    const first = data?.asked.from ?? 0;
    return new Map(data?.lines.map((line, index) => [first + index, { ...line, id: line.actor.id }]));
  }, [data]);
  const change = (next: Folds) => {
    setChosen({ list, folds: next });
    address.onFold(foldsInAddress(next, first));
  };
  return {
    loaded: data !== undefined,
    error: error ?? undefined,
    retry: () => void refetch(),
    total: data?.total ?? 0,
    found: data?.found ?? 0,
    taken: data?.taken ?? 0,
    rows,
    list,
    fold: (id) => change(folded(folds, id)),
    open: (lines) => change(opened(folds, lines)),
    foldAll: (unfold) => change({ unfold, except: [] }),
    onRange,
  };
}
