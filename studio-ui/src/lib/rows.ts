/** Going through the lists of a page row by row, whatever they are made of. */

/** Lists that go by arrow keys themselves. */
const OWN_KEYS = "[role=grid], [role=treegrid], [role=tree], [role=listbox]";
const ROWS = "tbody tr, li";
const FOCUSABLE = "a[href]:not([tabindex='-1']), button:not(:disabled, [tabindex='-1'])";

/** Has the keyboard go to the next row below `root` (1), or the one before (-1): from where it is, else to the first. */
export function stepRow(root: Element, by: 1 | -1): void {
  const at = root.contains(document.activeElement) ? document.activeElement : null;
  const stops = stopsOf(root);
  const here = at === null ? -1 : stops.findIndex(({ row, stop }) => stop === at || innermost(at) === row);
  const list = here >= 0 ? null : (at?.closest<HTMLElement>(OWN_KEYS) ?? root.querySelector<HTMLElement>(OWN_KEYS));
  if (list) {
    const stop = at !== null && list.contains(at) ? at : list;
    if (stop === list) list.focus({ preventScroll: true });
    stop.dispatchEvent(
      new KeyboardEvent("keydown", { key: by > 0 ? "ArrowDown" : "ArrowUp", bubbles: true, cancelable: true }),
    );
    return;
  }
  const next = stops[here < 0 ? 0 : Math.min(Math.max(here + by, 0), stops.length - 1)];
  next?.stop.focus();
  next?.row.scrollIntoView?.({ block: "nearest" });
}

type Stop = { row: Element; stop: HTMLElement };

/** Each row that can be seen, with what in it comes first; rows within rows have their own. */
function stopsOf(root: Element): Stop[] {
  return [...root.querySelectorAll(ROWS)].flatMap((row) => {
    const stops = [...row.querySelectorAll<HTMLElement>(FOCUSABLE)];
    const stop = stops.find((one) => innermost(one) === row && (one.checkVisibility?.() ?? true));
    return stop === undefined || stop.closest(OWN_KEYS) ? [] : [{ row, stop }];
  });
}

function innermost(element: Element): Element | null {
  return element.closest(ROWS);
}
