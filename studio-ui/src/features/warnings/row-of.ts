/** The button in a row of a list that opens its form; ids may have any signs. */
export function editButtonOf(list: HTMLElement | null, kind: "rule" | "channel", id: string): HTMLElement | undefined {
  const rows = [...(list?.querySelectorAll<HTMLElement>(`[data-${kind}]`) ?? [])];
  return rows.find((row) => row.dataset[kind] === id)?.querySelector<HTMLElement>("[data-edit]") ?? undefined;
}
