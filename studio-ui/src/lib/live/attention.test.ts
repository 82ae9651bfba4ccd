import { beforeEach, expect, it } from "vitest";
import { Attention } from "./attention";

let said: unknown[];
let attention: Attention;

beforeEach(() => {
  said = [];
  attention = new Attention((text) => said.push(JSON.parse(text)));
});

/** What is told is told once all that happens now is over. */
async function told(): Promise<unknown[]> {
  await Promise.resolve();
  return said.splice(0);
}

const NOTHING = { type: "watch", actors: [], map: false };

it("tells what is looked at, and when nobody does any more", async () => {
  const over = attention.look({ actor: "b" });
  const map = attention.look({ actor: "a", map: true });
  expect(await told()).toEqual([{ type: "watch", actors: ["a", "b"], map: true }]);
  map();
  expect(await told()).toEqual([{ type: "watch", actors: ["b"], map: false }]);
  over();
  over();
  expect(await told()).toEqual([NOTHING]);
});

it("says nothing where nothing changed", async () => {
  const first = attention.look({ actor: "a" });
  await told();
  const second = attention.look({ actor: "a" });
  first();
  expect(await told()).toEqual([]);
  second();
  attention.look({ actor: "a" });
  expect(await told()).toEqual([]);
});

it("tells a new line all of it, or nothing where nothing is looked at", async () => {
  attention.opened();
  expect(await told()).toEqual([]);
  attention.look({ map: true });
  await told();
  attention.opened();
  expect(await told()).toEqual([{ type: "watch", actors: [], map: true }]);
});
