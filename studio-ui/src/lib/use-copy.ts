/** Text for the clipboard, also where the browser has none for pages: over plain HTTP, on every host but this one. */

import { useCallback, useEffect, useRef, useState } from "react";

export type Copied = "idle" | "copied" | "failed";

/** How long it is said what became of it. */
const SAID_MS = 2000;

/** `copy` says whether the text is there. */
export function useCopy(): { state: Copied; copy: (text: string) => Promise<boolean> } {
  const [state, setState] = useState<Copied>("idle");
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = useCallback(async (text: string) => {
    const done = await put(text);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setState("idle"), SAID_MS);
    setState(done ? "copied" : "failed");
    return done;
  }, []);
  return { state, copy };
}

async function put(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return putBySelection(text);
  }
}

/** The way from before there was a clipboard for pages: a field, its text selected, and the order to copy. */
function putBySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "visually-hidden";
  document.body.append(field);
  field.focus({ preventScroll: true });
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}
