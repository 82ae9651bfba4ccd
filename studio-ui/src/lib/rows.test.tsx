import { beforeEach, expect, it, vi } from "vitest";
import { stepRow } from "./rows";

beforeEach(() => {
  document.body.innerHTML = "";
});

const focused = () => document.activeElement?.textContent;

it("rows are gone through from the first to the last, one stop each, over lists and tables", () => {
  document.body.innerHTML = `
    <table><tbody><tr><td></td><td><a href="/1">1</a><a href="/1b">1b</a></td></tr><tr><td>none</td></tr></tbody></table>
    <ul><li><button>2</button><ul><li><a href="/3">3</a></li></ul></li><li><a href="/x" tabindex="-1">x</a></li></ul>`;
  const seen = [1, 1, 1, 1, -1, -1, -1].map((by) => {
    stepRow(document.body, by as 1 | -1);
    return focused();
  });
  expect(seen).toEqual(["1", "2", "3", "3", "2", "1", "1"]);
});

it("a row is left from wherever in it the keyboard is", () => {
  document.body.innerHTML = `<ul><li><a href="/1">1</a><button id="b">more</button></li><li><a href="/2">2</a></li></ul>`;
  document.getElementById("b")?.focus();
  stepRow(document.body, 1);
  expect(focused()).toBe("2");
});

it("a list that goes by arrow keys is told of them", () => {
  document.body.innerHTML = `<div role="grid" tabindex="0"><div role="row"></div></div>`;
  const grid = document.querySelector("[role=grid]");
  const heard = vi.fn();
  grid?.addEventListener("keydown", (event) => heard((event as KeyboardEvent).key));
  stepRow(document.body, 1);
  stepRow(document.body, -1);
  expect(document.activeElement).toBe(grid);
  expect(heard.mock.calls).toEqual([["ArrowDown"], ["ArrowUp"]]);
});

it("nothing happens where there is no row", () => {
  document.body.innerHTML = "<p>empty</p>";
  expect(() => stepRow(document.body, 1)).not.toThrow();
});
