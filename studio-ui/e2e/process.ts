/** A process that a test plays: its actors report what the test says, and do what is ordered of them. */

import { api } from "./harness";

export type Order = { id: string; actor: string; order: string };
type Outcome = { orders?: Order[] };

/** What comes of an order; `undefined` leaves it without an answer. */
export type Answer = { outcome: "done" | "refused" | "failed"; problem?: string } | undefined;

const BEAT_MS = 250;

export class Process {
  readonly #boot: string;
  readonly #answerTo: (order: Order) => Answer;
  readonly #seen = new Set<string>();
  #answers: object[] = [];
  #seq = 0;
  #turn = 0;
  #over = false;
  #beats: Promise<void> = Promise.resolve();
  readonly orders: Order[] = [];
  /** What is said of the actors with each beat, counted from 1. */
  says: (turn: number) => object[] = () => [];
  /** What happened to them, which is told with the next beat. */
  events: object[] = [];
  /** What else is said with each beat: of types, of the process itself. */
  tells: (turn: number) => object = () => ({});
  ids: string[] = [];

  constructor(boot: string, answerTo: (order: Order) => Answer = () => ({ outcome: "done" })) {
    this.#boot = boot;
    this.#answerTo = answerTo;
  }

  async start(register: { id: string; [field: string]: unknown }[]): Promise<void> {
    this.ids = register.map(({ id }) => id);
    for (let from = 0; from < register.length; from += 5000) {
      await this.#send({ register: register.slice(from, from + 5000) });
    }
    this.#beats = this.#beat();
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#beats;
    for (let from = 0; from < this.ids.length; from += 5000) {
      await this.#send({ unregister: this.ids.slice(from, from + 5000) });
    }
  }

  async #beat(): Promise<void> {
    while (!this.#over) {
      this.#turn += 1;
      await this.#send({
        ...this.tells(this.#turn),
        update: this.says(this.#turn),
        events: this.events.splice(0),
        answers: this.#answers.splice(0),
      });
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
  }

  async #send(part: object): Promise<void> {
    this.#seq += 1;
    const outcome = await api<Outcome>("/api/actor/batch", { boot: this.#boot, seq: this.#seq, ...part });
    for (const order of outcome.orders ?? []) {
      // One that comes again before it is answered is carried out once.
      if (this.#seen.has(order.id)) continue;
      this.#seen.add(order.id);
      this.orders.push(order);
      const answer = this.#answerTo(order);
      if (answer) this.#answers.push({ id: order.id, ...answer });
    }
  }
}
