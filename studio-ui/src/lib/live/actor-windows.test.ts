import { beforeEach, expect, it } from "vitest";
import { ActorWindows } from "./actor-windows";

type Frame = { type: string; id: string; filter?: string; sort?: string; from?: number; count: number };

let asked: Frame[];
let windows: ActorWindows;

beforeEach(() => {
  asked = [];
  windows = new ActorWindows((text) => asked.push(JSON.parse(text)));
});

const LIST = { filter: "type:Order", sort: "-rate", from: 0, count: 2 };

function row(id: string, messageCount = 0) {
  return { id, type: "T", messageCount };
}

function look(stretch = LIST) {
  const window = windows.open();
  window.look(stretch);
  return { window, name: asked.at(-1)?.id ?? "" };
}

it("asks for a stretch, shows it, and takes what changes in it", () => {
  const { window, name } = look();
  expect(asked).toEqual([{ type: "window", id: name, ...LIST }]);
  expect(window.state.get().loaded).toBe(false);
  windows.receive({ id: name, from: 0, total: 9, ids: ["a", "b"], rows: [row("a"), row("b")] });
  expect(window.state.get()).toMatchObject({ loaded: true, total: 9, from: 0, rows: [row("a"), row("b")] });
  windows.receive({ id: name, from: 0, total: 8, ids: ["c", "a"], rows: [row("c"), row("a", 5)] });
  expect(window.state.get()).toMatchObject({ total: 8, rows: [row("c"), row("a", 5)] });
  windows.receive({ id: name, from: 0, total: 8, ids: ["a", "c"], rows: [] });
  expect(window.state.get().rows).toEqual([row("a", 5), row("c")]);
});

it("keeps what was shown until the next stretch is there, and takes no answer to the one before", () => {
  const { window, name } = look();
  windows.receive({ id: name, from: 0, total: 9, ids: ["a"], rows: [row("a")] });
  window.look({ ...LIST, from: 50 });
  const [, closed, next] = asked;
  expect(closed).toEqual({ type: "window", id: name, count: 0 });
  expect(next?.id).not.toBe(name);
  windows.receive({ id: name, from: 0, total: 9, ids: ["late"], rows: [row("late")] });
  expect(window.state.get().rows).toEqual([row("a")]);
  windows.receive({ id: next?.id, from: 50, total: 90, ids: ["b"], rows: [row("b")] });
  expect(window.state.get()).toMatchObject({ from: 50, total: 90, rows: [row("b")] });
});

it("asks once for the same, and again on a new line or for what it lacks", () => {
  const { window, name } = look();
  window.look({ ...LIST });
  expect(asked).toHaveLength(1);
  windows.opened();
  expect(asked[1]).toEqual(asked[0]);
  windows.receive({ id: name, from: 0, total: 2, ids: ["a", "b"], rows: [row("b")] });
  expect(asked[2]).toEqual(asked[0]);
  window.close();
  windows.opened();
  window.refresh();
  expect(asked.slice(3)).toEqual([{ type: "window", id: name, count: 0 }]);
});

it("tells why there is no such list, and is well again after it", () => {
  const { window, name } = look();
  windows.receive({ id: name, error: { code: "too_many_windows", message: "too many lists" } });
  expect(window.state.get()).toMatchObject({ loaded: true, problem: "too many lists" });
  windows.receive({ id: name, from: 0, total: 0, ids: [], rows: [] });
  expect(window.state.get().problem).toBeUndefined();
  windows.receive({ id: null, error: { message: "about nothing that is open" } });
  windows.receive({});
  expect(window.state.get().problem).toBeUndefined();
});
