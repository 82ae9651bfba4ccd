import { expect, it } from "vitest";

import { positionHeader, sawAnswer, sawPosition } from "./seen";

it("sends the furthest that was seen, of whichever server", () => {
  expect(positionHeader()).toEqual({});
  for (const text of [null, "", "7", "a-b", "7-", "7-1 "]) sawPosition(text);
  expect(positionHeader()).toEqual({});
  sawPosition("1764512345678-9");
  sawAnswer(new Headers({ "Loom-Position": "1764512345678-10" }));
  sawAnswer(new Headers());
  sawPosition("999999999999-99");
  expect(positionHeader()).toEqual({ "loom-position": "1764512345678-10" });
  sawPosition("1764512345679-0");
  expect(positionHeader()).toEqual({ "loom-position": "1764512345679-0" });
});
