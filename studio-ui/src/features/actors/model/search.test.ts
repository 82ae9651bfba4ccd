import { describe, expect, it } from "vitest";
import { readFilter } from "../../../lib/filter/read";
import { readActorsSearch, valueWanted, withValue } from "./search";

describe("the filter in the address", () => {
  it("has what older addresses said", () => {
    expect(readActorsSearch({ q: "a b:c", status: "unknown", type: "T" }).filter).toBe('a "b:c" state:"" type:T');
    expect(readActorsSearch({ filter: 12, plumbing: true })).toEqual({ filter: "12", plumbing: true });
  });

  it("takes and gives back the value of a field", () => {
    expect(withValue("x state:idle", "state", "my state")).toBe('x state:"my state"');
    expect(withValue("x state:idle -state:failed", "state", undefined)).toBe("x -state:failed");
    expect(withValue("typ:", "type", "T")).toBe("type:T");
    const value = (text: string) => valueWanted(readFilter(text).filter ?? [], "state");
    expect([value("state:idle"), value("state:idle,failed"), value('state:""'), value("state:i*"), value("x")]).toEqual(
      ["idle", undefined, "", undefined, undefined],
    );
  });
});
