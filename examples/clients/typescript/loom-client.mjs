// @ts-check
// Shows the actors of a Node.js program in a Loom studio, and carries out what is ordered of them there. Nothing to install and
// nothing to build: `import { Studio } from "./loom-client.mjs"`; the types stand beside, in `loom-client.d.mts`.
//
//     const studio = new Studio({ url: "http://localhost:9090", app: "shop" });
//     const cart = studio.actor("cart-1", "Cart");
//     cart.message("Add", (body) => body.by + 1);
//     cart.handled({ ms: 1.5 });
//     await studio.close();
//
// It reports each second, does not hold the program up, and does not keep it running.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const EVENTS = 1_000; // that wait to be told; the oldest are dropped, and counted
const PER_BATCH = 200; // of them
const ORDERS = 256; // that are carried out at a time; four times as many are remembered as carried out

export class Actor {
  #studio;
  #began = Date.now();
  #work = { handled: 0, handleUs: 0 };
  #orders = new Map();
  #messages = new Map();
  #fields;

  constructor(studio, id, type, fields) {
    this.#studio = studio;
    this.id = id;
    this.#fields = { id, type, status: "idle", messageCount: 0, errorCount: 0, ...fields };
  }

  set(fields) {
    Object.assign(this.#fields, fields);
    this.#studio.changed(this.id);
  }

  handled({ ms, error } = {}) {
    this.#fields.messageCount += 1;
    if (ms !== undefined) {
      this.#work.handled += 1;
      this.#work.handleUs += Math.round(ms * 1000);
    }
    if (error !== undefined) {
      this.#fields.errorCount += 1;
      this.note(String(error), { kind: "error" });
    }
    this.#studio.changed(this.id);
  }

  note(message, { kind = "note", data } = {}) {
    this.#studio.event({ actor: this.id, kind, message, time: new Date().toISOString(), ...(data && { data }) });
  }

  order(kind, handle) {
    this.#orders.set(kind, handle);
    this.#studio.changed(this.id);
  }

  message(type, handle, schema) {
    this.#messages.set(type, { handle, schema });
    this.#studio.changed(this.id);
  }

  stop(status = "stopped") {
    const good = status === "stopped";
    this.note(good ? "it ended" : "it failed", { kind: good ? "stopped" : "panicked" });
    this.set({ status });
  }

  record() {
    const orders = [...this.#orders.keys(), ...(this.#messages.size > 0 ? ["message"] : [])];
    const messages = [...this.#messages].map(([type, { schema }]) => ({ type, ...(schema && { schema }) }));
    return {
      ...this.#fields,
      uptime: Date.now() - this.#began,
      ...(this.#work.handled > 0 && { work: { ...this.#work } }),
      ...(orders.length > 0 && { controls: { orders, messages } }),
    };
  }

  async carry({ order, message, body, by }) {
    const handle = order === "message" ? this.#messages.get(message)?.handle : this.#orders.get(order);
    if (handle === undefined) return { outcome: "refused", problem: `${this.id} does not take this` };
    this.note(`${order}, by ${by}`, { kind: "order", data: { by } });
    try {
      const value = await handle(body);
      JSON.stringify(value);
      return { outcome: "done", ...(value !== undefined && { value }) };
    } catch (error) {
      return { outcome: "failed", problem: String(error) };
    }
  }
}

export class Studio {
  #url;
  #headers = { "Content-Type": "application/json" };
  #boot = randomUUID();
  #source;
  #period;
  #say;
  #seq = 0;
  #generation = 0;
  #all = true;
  #actors = new Map();
  #changed = new Set();
  #gone = new Set();
  #events = [];
  #dropped = 0;
  #answers = [];
  #seen = new Set();
  #carrying = 0;
  #unsent;
  #timer;
  #posting;
  #closing = false;
  #trouble; // what was last told of

  constructor({ url, token, app, period = 1000, warn = console.error } = {}) {
    this.#url = (url ?? process.env.STUDIO_URL ?? "http://localhost:9090").replace(/\/+$/, "");
    const shown = token ?? process.env.STUDIO_TOKEN;
    if (shown) this.#headers.Authorization = `Bearer ${shown}`;
    this.#source = { app: app ?? "node", node: hostname(), pid: process.pid, boot: this.#boot };
    this.#period = period;
    this.#say = warn;
    this.#schedule(0);
  }

  actor(id, type, fields = {}) {
    const actor = new Actor(this, id, type, fields);
    this.#actors.set(id, actor);
    this.#all = true; // a whole record of it has to go first
    actor.note("it began", { kind: "started" });
    return actor;
  }

  remove(actor) {
    if (this.#actors.delete(actor.id)) this.#gone.add(actor.id);
  }

  async close() {
    // The answers to orders that are under way go along.
    for (let waited = 0; this.#carrying > 0 && waited < 3000; waited += 10) await sleep(10);
    for (const actor of [...this.#actors.values()]) this.remove(actor);
    await this.#posting;
    this.#closing = true;
    clearTimeout(this.#timer);
    if (this.#unsent !== undefined) await this.#report();
    await this.#report();
  }

  changed(id) {
    this.#changed.add(id);
  }

  event(event) {
    if (this.#events.length >= EVENTS) {
      this.#events.shift();
      this.#dropped += 1;
    }
    this.#events.push(event);
  }

  #schedule(millis) {
    clearTimeout(this.#timer);
    if (this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#posting ??= this.#report().finally(() => {
        this.#posting = undefined;
        this.#schedule(this.#answers.length > 0 && this.#trouble === undefined ? 0 : this.#period);
      });
    }, millis);
    this.#timer.unref();
  }

  #next() {
    const batch = { boot: this.#boot, seq: ++this.#seq, source: this.#source, unregister: [...this.#gone] };
    if (this.#all) {
      this.#generation += 1;
      batch.register = [...this.#actors.values()].map((actor) => actor.record());
      batch.complete = true;
    } else {
      batch.update = [...this.#changed].flatMap((id) => this.#actors.get(id)?.record() ?? []);
    }
    batch.generation = this.#generation;
    batch.events = this.#events.splice(0, PER_BATCH);
    batch.answers = this.#answers;
    if (this.#dropped > 0) batch.dropped = { events: this.#dropped, edges: 0, messages: 0 };
    this.#all = false;
    this.#changed = new Set();
    this.#gone = new Set();
    this.#answers = [];
    return batch;
  }

  async #report() {
    // One whose outcome did not arrive goes again as it was.
    this.#unsent ??= JSON.stringify(this.#next());
    try {
      const request = { method: "POST", headers: this.#headers, body: this.#unsent, signal: AbortSignal.timeout(10_000) };
      const answer = await fetch(`${this.#url}/api/actor/batch`, request);
      if (!answer.ok) {
        // 401, 403, 408, 429 and 5xx may pass; anything else it would say for ever, so all is told anew.
        if (![401, 403, 408, 429].includes(answer.status) && answer.status < 500) {
          this.#unsent = undefined;
          this.#all = true;
        }
        throw new Error(`${answer.status} ${await answer.text()}`);
      }
      const outcome = await answer.json();
      this.#unsent = undefined;
      this.#trouble = undefined;
      this.#settle(outcome);
    } catch (error) {
      this.#warn(`the studio at ${this.#url} does not take a batch: ${error}`);
    }
  }

  #settle({ rejected, resync = false, orders = [] }) {
    for (const { code, problem } of rejected) {
      if (code !== "unknown_actor") this.#warn(`the studio does not take something: ${problem}`);
    }
    this.#all ||= resync || rejected.some(({ code }) => code === "unknown_actor");
    for (const order of orders) {
      // It comes again until its answer has arrived.
      if (this.#seen.has(order.id) || this.#carrying >= ORDERS) continue;
      this.#seen.add(order.id);
      if (this.#seen.size > 4 * ORDERS) this.#seen.delete(this.#seen.values().next().value);
      void this.#carry(order);
    }
  }

  async #carry(order) {
    this.#carrying += 1;
    const answer = (await this.#actors.get(order.actor)?.carry(order)) ?? { outcome: "refused", problem: "it is gone" };
    this.#carrying -= 1;
    this.#answers.push({ id: order.id, ...answer });
    if (this.#posting === undefined && this.#trouble === undefined) this.#schedule(0);
  }

  #warn(text) {
    if (text !== this.#trouble) this.#say(text);
    this.#trouble = text;
  }
}
