/** Where the keys are in a long list: at somebody, who may move. */

export type Current = { id: string | undefined; place: number };

type Named = ReadonlyMap<number, { id: string }>;

const PAGE = 15;

/** Where the chosen actor stands now; while it is not in sight, where it was. */
export function placeOf({ id, place }: Current, rows: Named, count: number): number {
  if (id !== undefined && rows.get(place)?.id !== id) {
    for (const [other, row] of rows) if (row.id === id) return other;
  }
  return Math.min(place, count - 1);
}

/** Where a key leads from a row; -1 is before the first. */
export function target(key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined;
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + PAGE,
    PageUp: at - PAGE,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.min(Math.max(to, 0), count - 1);
}
