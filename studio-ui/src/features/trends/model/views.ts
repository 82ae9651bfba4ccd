/** Views of the page of metrics that were given a name, kept in this browser. */

import { getWorkspace } from "../../../api/workspace";
import { Store } from "../../../lib/store";
import { readTrendsSearch, type TrendsSearch } from "./search";

export type View = { name: string; search: TrendsSearch };

const KEY = "loom-metric-views";

/** Views of one workspace say nothing in another. */
function key(): string {
  const workspace = getWorkspace();
  return workspace === undefined || workspace === "main" ? KEY : `${KEY} of ${workspace}`;
}

/** More than these are no choice. */
const MOST = 50;
const MOST_LETTERS = 80;

/** As they were kept; what cannot be read is none. */
export function readViews(kept: string | null): View[] {
  try {
    const known: unknown = JSON.parse(kept ?? "[]");
    if (!Array.isArray(known)) return [];
    return known.flatMap((view: unknown): View[] => {
      if (typeof view !== "object" || view === null) return [];
      const { name, search } = view as Record<string, unknown>;
      if (typeof name !== "string" || named(name) === "" || typeof search !== "object" || search === null) return [];
      return [{ name: named(name), search: readTrendsSearch(search as Record<string, unknown>) }];
    });
  } catch {
    return [];
  }
}

/** With one more; of equal names the later holds. */
export function withView(views: readonly View[], name: string, search: TrendsSearch): View[] {
  const wanted = named(name);
  if (wanted === "") return [...views];
  return [...views.filter((view) => view.name !== wanted), { name: wanted, search }].slice(-MOST);
}

/** In its place under another name; one that had this name gives way. */
export function renamed(views: readonly View[], from: string, to: string): View[] {
  const wanted = named(to);
  if (wanted === "" || wanted === from) return [...views];
  return views
    .filter((view) => view.name !== wanted)
    .map((view) => (view.name === from ? { ...view, name: wanted } : view));
}

export function without(views: readonly View[], name: string): View[] {
  return views.filter((view) => view.name !== name);
}

function named(name: string): string {
  return name.trim().slice(0, MOST_LETTERS);
}

/** The views of this browser. They hold until the page is closed where it keeps nothing. */
class Views {
  readonly store = new Store<readonly View[]>([]);
  #read = false;

  get = (): readonly View[] => {
    if (!this.#read) {
      this.#read = true;
      this.store.set(readViews(kept()));
    }
    return this.store.get();
  };

  set(views: readonly View[]): void {
    this.#read = true;
    this.store.set(views);
    try {
      window.localStorage.setItem(key(), JSON.stringify(views));
    } catch {
      // Said by nobody: they are there until the page is closed.
    }
  }

  /** Another tab changed them. */
  again = (event: StorageEvent): void => {
    if (event.key === key() || event.key === null) this.store.set(readViews(kept()));
  };

  subscribe = (listener: () => void): (() => void) => {
    const stop = this.store.subscribe(listener);
    window.addEventListener("storage", this.again);
    return () => {
      stop();
      window.removeEventListener("storage", this.again);
    };
  };
}

function kept(): string | null {
  try {
    return window.localStorage.getItem(key());
  } catch {
    return null;
  }
}

export const views = new Views();
