/** Which groups of a log are folded, by themselves and by the reader. */

import { type RefObject, useCallback, useMemo, useRef, useState } from "react";
import { Folds, type Range } from "../../lib/logs/folds";
import type { Group } from "../../lib/logs/outline";
import type { Fold } from "./log-row";

export type FoldsInView = {
  hidden: readonly Range[];
  /** The group that a line names. */
  at: (line: number) => Fold | undefined;
  toggle: (line: number) => void;
  /** Whether the reader goes along with the end; nothing is taken away from somebody who reads elsewhere. */
  following: RefObject<boolean>;
};

export function useFolds(
  groups: readonly Group[],
  marked: Range | undefined,
  reading: () => number | undefined,
): FoldsInView {
  const [folds] = useState(() => new Folds());
  const [version, setVersion] = useState(0);
  const following = useRef(true);
  const pointed = useRef<Range | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version tells of what the reader folded.
  const hidden = useMemo(() => {
    folds.settle(groups, { marked, reading: following.current ? undefined : reading() });
    if (marked !== undefined && marked !== pointed.current) folds.reveal(groups, marked);
    pointed.current = marked;
    return folds.hidden(groups);
  }, [folds, groups, marked, reading, version]);
  const byLine = useMemo(() => new Map(groups.map((group) => [group.line, group])), [groups]);
  const toggle = useCallback(
    (line: number) => {
      folds.toggle(line);
      setVersion((before) => before + 1);
    },
    [folds],
  );
  const at = (line: number): Fold | undefined => {
    const group = byLine.get(line);
    if (group === undefined) return undefined;
    return { lines: group.end === undefined ? undefined : within(group, group.end), open: folds.isOpen(line) };
  };
  return { hidden, at, toggle, following };
}

/** Lines between the name of a group and its end. */
function within(group: Group, end: number): number {
  return end - group.line - (group.closed ? 1 : 0);
}
