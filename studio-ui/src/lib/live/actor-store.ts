/**
 * All actors the studio knows: a snapshot joined with the frames that arrive. A frame that comes while a snapshot is on
 * its way is newer than that snapshot, so it wins; a removal leaves a tombstone until the snapshot is in, else it would
 * bring the actor back.
 */

import type { ActorRecord } from "../../api/types";
import { Store } from "../store";

export type ActorsState = {
  /** Grows with every change; what a selector depends on. */
  version: number;
  /** False until the first snapshot is in. */
  loaded: boolean;
  /** Why the last snapshot failed. */
  error: Error | undefined;
};

export class ActorStore {
  readonly state = new Store<ActorsState>({ version: 0, loaded: false, error: undefined });
  readonly #records = new Map<string, ActorRecord>();
  /** Ids that frames touched since the snapshot under way was asked for, the removed ones among them. */
  readonly #touched = new Set<string>();
  readonly #notify: () => void;
  #snapshot = 0;
  #list: readonly ActorRecord[] | undefined = [];

  /** `schedule` turns a publisher into one that joins calls, as `frameBatch` does. */
  constructor(schedule: (publish: () => void) => () => void) {
    this.#notify = schedule(() => this.#publish({}));
  }

  get size(): number {
    return this.#records.size;
  }

  get(id: string): ActorRecord | undefined {
    return this.#records.get(id);
  }

  /** Every record, in no promised order; the same array until something changes. */
  list(): readonly ActorRecord[] {
    this.#list ??= [...this.#records.values()];
    return this.#list;
  }

  update(record: ActorRecord): void {
    this.#records.set(record.id, record);
    this.#touched.add(record.id);
    this.#changed();
  }

  remove(id: string): void {
    this.#touched.add(id);
    if (this.#records.delete(id)) this.#changed();
  }

  /** Call when a snapshot is asked for; its answer needs the number returned here. */
  beginSnapshot(): number {
    this.#touched.clear();
    this.#snapshot += 1;
    return this.#snapshot;
  }

  /** Takes a snapshot's answer; one that a later question overtook is dropped. */
  applySnapshot(snapshot: number, records: readonly ActorRecord[]): void {
    if (snapshot !== this.#snapshot) return;
    const seen = new Set<string>();
    for (const record of records) {
      seen.add(record.id);
      if (!this.#touched.has(record.id)) this.#records.set(record.id, record);
    }
    for (const id of this.#records.keys()) {
      if (!seen.has(id) && !this.#touched.has(id)) this.#records.delete(id);
    }
    this.#touched.clear();
    this.#list = undefined;
    this.#publish({ loaded: true, error: undefined });
  }

  /** Forgets everything: who may look has changed. */
  clear(): void {
    this.beginSnapshot();
    this.#records.clear();
    this.#list = undefined;
    this.#publish({ loaded: false, error: undefined });
  }

  failSnapshot(snapshot: number, error: Error): void {
    if (snapshot === this.#snapshot) this.#publish({ error });
  }

  #changed(): void {
    this.#list = undefined;
    this.#notify();
  }

  #publish(change: Partial<ActorsState>): void {
    const state = this.state.get();
    this.state.set({ ...state, ...change, version: state.version + 1 });
  }
}
