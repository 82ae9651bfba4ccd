import { describe, expect, it } from "vitest";
import { PANEL_KEYS } from "../../../ui/trend/panels";
import { quantileShown, rangeOf, readTrendsSearch, withChange, withHidden, withPanel, withRange } from "./search";
import { readViews, renamed, without, withView } from "./views";

describe("the address", () => {
  it("says all that is chosen, and nothing that is usual", () => {
    const search = {
      from: "2025-12-13T12:00:00Z",
      to: "2025-12-13T12:05:00Z",
      by: "actor",
      filter: "type:Order wait:>50ms",
      q: "p99",
      panels: ["rate", "memory"],
      hide: ["order-1"],
      view: "table",
    };
    expect(readTrendsSearch(search)).toEqual(search);
    expect(
      readTrendsSearch({ range: "10m", by: "all", filter: "", q: "p95", panels: [...PANEL_KEYS], hide: [] }),
    ).toEqual({});
  });

  it("may be anything", () => {
    expect(
      readTrendsSearch({ range: 4, by: "process", filter: { a: 1 }, q: 7, panels: "nothing", hide: [1, {}] }),
    ).toEqual({});
    expect(readTrendsSearch({ panels: "memory,rate,rate", filter: 12 })).toEqual({
      panels: ["rate", "memory"],
      filter: "12",
    });
  });

  it("changes one thing and leaves the others", () => {
    const search = readTrendsSearch({ range: "1d", by: "type", hide: ["A"] });
    expect(withRange(search, { last: "10m" })).toEqual({ by: "type", hide: ["A"] });
    expect(rangeOf(withRange(search, { from: 1000, to: 9000 }))).toEqual({ from: 1000, to: 9000 });
    expect(withHidden(search, "B", true).hide).toEqual(["A", "B"]);
    expect(withHidden(search, "A", false).hide).toBeUndefined();
    expect(quantileShown(readTrendsSearch({ q: "p50" }))).toBe("p50");
    expect(quantileShown(search)).toBe("p95");
    expect(withChange(search, { by: undefined, view: "table" })).toEqual({ range: "1d", hide: ["A"], view: "table" });
  });

  it("keeps the last picture, and forgets a choice of all", () => {
    const one = readTrendsSearch({ panels: ["rate"] });
    expect(withPanel(one, "rate", false).panels).toEqual(["rate"]);
    expect(withPanel(one, "cpu", true).panels).toEqual(["rate", "cpu"]);
    const allButOne = withPanel({}, "files", false);
    expect(allButOne.panels).toHaveLength(PANEL_KEYS.length - 1);
    expect(withPanel(allButOne, "files", true)).toEqual({});
  });
});

describe("views with a name", () => {
  const views = withView(withView([], " busy ", { range: "1d" }), "slow", { by: "type" });

  it("are kept, named anew and given up", () => {
    expect(readViews(JSON.stringify(views))).toEqual(views);
    expect(views.map(({ name }) => name)).toEqual(["busy", "slow"]);
    expect(withView(views, "busy", {}).at(-1)).toEqual({ name: "busy", search: {} });
    expect(renamed(views, "busy", "days")).toEqual([{ name: "days", search: { range: "1d" } }, views[1]]);
    expect(renamed(views, "busy", "slow")).toEqual([{ name: "slow", search: { range: "1d" } }]);
    expect(renamed(views, "busy", "  ")).toEqual(views);
    expect(without(views, "busy")).toEqual([views[1]]);
  });

  it("are none where what was kept cannot be read", () => {
    for (const kept of [null, "", "{", "3", '{"a":1}', '[1,null,{"name":2},{"name":" ","search":{}},{"name":"a"}]'])
      expect(readViews(kept)).toEqual([]);
    expect(readViews('[{"name":"a","search":{"by":"nonsense","range":"2h"}}]')).toEqual([
      { name: "a", search: { range: "2h" } },
    ]);
  });

  it("are no more than can be chosen among", () => {
    let many = withView([], "0", {});
    for (let count = 1; count < 70; count += 1) many = withView(many, String(count), {});
    expect(many).toHaveLength(50);
    expect(many.at(-1)?.name).toBe("69");
    expect(withView(many, "", {})).toEqual(many);
  });
});
