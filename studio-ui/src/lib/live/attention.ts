/**
 * What somebody looks at on this page, told to the studio: it measures more closely what is looked at, and sends what only
 * those want to hear. Several parts of the page may look at the same.
 */

export type Look = { actor?: string; map?: boolean };

export class Attention {
  readonly #send: (text: string) => void;
  readonly #actors = new Map<string, number>();
  #map = 0;
  /** What the studio was told last, on the line that is open now. */
  #told: string | undefined;
  #due = false;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** Looks until the answer is called. */
  look({ actor, map = false }: Look): () => void {
    this.#add(actor, map, 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#add(actor, map, -1);
    };
  }

  /** A new line is open: the studio knows nothing of what is looked at. */
  opened(): void {
    this.#told = undefined;
    if (this.#actors.size > 0 || this.#map > 0) this.#later();
  }

  #add(actor: string | undefined, map: boolean, by: 1 | -1): void {
    if (actor !== undefined) {
      const looks = (this.#actors.get(actor) ?? 0) + by;
      if (looks > 0) this.#actors.set(actor, looks);
      else this.#actors.delete(actor);
    }
    if (map) this.#map += by;
    this.#later();
  }

  /** Once for all that changes at once: from one page to the next, a look ends and another begins. */
  #later(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      const text = JSON.stringify({ type: "watch", actors: [...this.#actors.keys()].sort(), map: this.#map > 0 });
      if (text === this.#told) return;
      this.#told = text;
      this.#send(text);
    });
  }
}
