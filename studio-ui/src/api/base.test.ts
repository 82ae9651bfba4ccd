import { expect, test } from "vitest";
import { basePath } from "./base";

test("the base of the document says under which path the page is offered", () => {
  expect(basePath("http://localhost:9090/")).toBe("");
  expect(basePath("https://ci.example.org/loom/")).toBe("/loom");
  expect(basePath("https://ci.example.org/a/b/")).toBe("/a/b");
  expect(basePath("about:blank")).toBe("");
  expect(basePath(undefined)).toBe("");
});
