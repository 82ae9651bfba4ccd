import { lineAt } from "../model/text";

/** Selects a part of the text, in sight: what is around the field scrolls, the field itself is as high as its text. */
export function goTo(area: HTMLTextAreaElement, from: number, to = from): void {
  area.focus({ preventScroll: true });
  area.setSelectionRange(from, Math.max(from, to));
  const around = area.closest<HTMLElement>("[data-scrolls]");
  if (around === null) return;
  const row = Number.parseFloat(getComputedStyle(area).lineHeight) || 20;
  const top = (lineAt(area.value, from) - 1) * row;
  const shown = top >= around.scrollTop && top + 2 * row <= around.scrollTop + around.clientHeight;
  if (!shown) around.scrollTop = Math.max(0, top - around.clientHeight / 3);
  around.scrollLeft = 0;
}
