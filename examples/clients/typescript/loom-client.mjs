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
// It reports each second, hears of orders at once, does not hold the program up, and does not keep it running.

import { randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const EVENTS = 1_000; // that wait to be told; the oldest are dropped, and counted
const PER_BATCH = 200; // of them
const ORDERS = 256; // that are carried out at a time, or wait to be answered; four times as many are remembered as carried out
const VALUE = 64 * 1024; // bytes of an answer's value
const POLL = 30_000; // milliseconds for which one request waits for orders; also the longest pause after one that failed

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
      const size = value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value) ?? "");
      if (size > VALUE) throw new Error(`its value has ${size} bytes of JSON, and may have ${VALUE}`);
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
  #bare = new Set(); // answers that were in a refused batch
  #sent = { events: 0, answers: [] }; // with the batch under way
  #poll; // the open request for orders
  #seen = new Set();
  #carrying = 0;
  #unsent;
  #timer;
  #posting;
  #awaited = false; // somebody waits for the next batch, though one is under way
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
    void this.#listen();
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
    this.#poll?.destroy();
    clearTimeout(this.#timer);
    if (this.#unsent !== undefined) await this.#report();
    await this.#report();
    if (this.#answers.length > 0) await this.#report();
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
        const soon = (this.#answers.length > 0 || this.#awaited) && this.#trouble === undefined;
        this.#awaited = false;
        this.#schedule(soon ? 0 : this.#period);
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
    this.#sent = { events: batch.events.length, answers: this.#answers };
    if (this.#dropped > 0) batch.dropped = { events: this.#dropped, edges: 0, messages: 0 };
    this.#all = false;
    this.#changed = new Set();
    this.#gone = new Set();
    this.#answers = [];
    return batch;
  }

  async #report() {
    // One whose outcome did not arrive goes again as it was.
    if (this.#unsent === undefined) {
      const batch = this.#next();
      try {
        this.#unsent = JSON.stringify(batch, (_, value) => (typeof value === "bigint" ? String(value) : value));
      } catch (error) {
        this.#putBack();
        return this.#warn(`a batch is no JSON, so what happened since the last one is left out: ${error}`);
      }
    }
    try {
      const request = { method: "POST", headers: this.#headers, body: this.#unsent, signal: AbortSignal.timeout(10_000) };
      const answer = await fetch(`${this.#url}/api/actor/batch`, request);
      if (!answer.ok) {
        // 401, 403, 408, 429 and 5xx may pass; anything else it would say for ever, so all is told anew.
        if (![401, 403, 408, 429].includes(answer.status) && answer.status < 500) {
          this.#unsent = undefined;
          this.#putBack();
        }
        throw new Error(`${answer.status} ${await answer.text()}`);
      }
      const outcome = await answer.json();
      this.#trouble = undefined;
      // Before it is forgotten: what answers otherwise is no studio, and has taken nothing.
      this.#settle(outcome);
      this.#unsent = undefined;
    } catch (error) {
      this.#warn(`the studio at ${this.#url} does not take a batch: ${error}`);
    }
  }

  // A batch was refused. Its answers go again; those that were in a refused one before go without what may be at fault.
  #putBack() {
    this.#all = true;
    this.#dropped += this.#sent.events;
    const again = this.#sent.answers.map((answer) =>
      this.#bare.has(answer.id)
        ? { id: answer.id, outcome: answer.outcome, problem: "the studio refused its value" }
        : answer,
    );
    this.#bare = new Set(again.map(({ id }) => id));
    this.#answers = [...again, ...this.#answers];
  }

  // Hears of orders at once: the studio answers when there is something, and the answer to a batch has it.
  async #listen() {
    let seen;
    let pause = 500;
    while (!this.#closing) {
      let millis = 5; // one that always answers at once is not asked without end
      try {
        const polled = await this.#ask({ boot: this.#boot, seen, wait: POLL });
        seen = polled.seen;
        pause = 500;
        if (polled.changed) this.#atOnce();
      } catch {
        // The next batch says why, if that fails too.
        seen = undefined;
        millis = pause;
        pause = Math.min(2 * pause, POLL);
      }
      await sleep(millis, undefined, { ref: false });
    }
  }

  // Not by `fetch`, whose open request would keep the program running.
  #ask(what) {
    const { request } = this.#url.startsWith("https:") ? https : http;
    const options = { method: "POST", headers: this.#headers, agent: false, timeout: POLL + 10_000 };
    return new Promise((resolve, reject) => {
      this.#poll = request(`${this.#url}/api/actor/poll`, options, async (answer) => {
        try {
          let text = "";
          for await (const chunk of answer.setEncoding("utf8")) {
            text += chunk;
            if (text.length > 4096) throw new Error("a long answer");
          }
          if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}`);
          resolve(JSON.parse(text));
        } catch (error) {
          reject(error);
        }
      });
      this.#poll.on("socket", (socket) => socket.unref()).on("error", reject);
      this.#poll.on("timeout", () => this.#poll.destroy(new Error("no answer")));
      this.#poll.end(JSON.stringify(what));
    });
  }

  // The next batch goes now, or as soon as the one under way is answered.
  #atOnce() {
    this.#awaited = this.#posting !== undefined;
    if (!this.#awaited && this.#trouble === undefined) this.#schedule(0);
  }

  #settle({ rejected, resync = false, orders = [] }) {
    for (const { code, problem } of rejected) {
      if (code !== "unknown_actor") this.#warn(`the studio does not take something: ${problem}`);
    }
    this.#all ||= resync || rejected.some(({ code }) => code === "unknown_actor");
    for (const order of orders) {
      // It comes again until its answer has arrived.
      if (this.#seen.has(order.id) || this.#carrying + this.#answers.length >= ORDERS) continue;
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
    this.#atOnce();
  }

  #warn(text) {
    if (text !== this.#trouble) this.#say(text);
    this.#trouble = text;
  }
}
