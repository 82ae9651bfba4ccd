/** Whether shortcuts of one letter are on: who speaks to their computer, or brushes keys, can do without them. */

import { useSyncExternalStore } from "react";
import { Store } from "../../lib/store";

const KEY = "loom-single-keys";
const store = new Store(read());

export function useSingleKeys(): [boolean, (on: boolean) => void] {
  return [useSyncExternalStore(store.subscribe, store.get), set];
}

function set(on: boolean): void {
  store.set(on);
  try {
    if (on) window.localStorage.removeItem(KEY);
    else window.localStorage.setItem(KEY, "off");
  } catch {
    // It holds until the page is closed.
  }
}

function read(): boolean {
  try {
    return window.localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}
