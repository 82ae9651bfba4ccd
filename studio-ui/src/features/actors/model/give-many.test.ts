import { expect, it } from "vitest";
import { ApiError } from "../../../api/client";
import type { OrderLine, OrderResult } from "../../../api/inside";
import { countsOf, ManyOrders, type Studio } from "./give-many";

/** A studio in a time of its own: sleeping passes it, and nothing else does. */
function studio(answer: (actor: string, offer: number) => Promise<OrderResult> | OrderResult) {
  let time = 0;
  let [under, most] = [0, 0];
  const offers: { actor: string; at: number }[] = [];
  const lines: OrderLine[] = [];
  const limits: number[] = [];
  const fake: Studio = {
    give: async (actor) => {
      under += 1;
      most = Math.max(most, under);
      offers.push({ actor, at: time });
      await Promise.resolve();
      under -= 1;
      return answer(actor, offers.filter((offer) => offer.actor === actor).length);
    },
    orders: async (limit) => {
      limits.push(limit);
      return lines;
    },
    sleep: async (millis) => {
      time += millis;
    },
    now: () => time,
  };
  return { fake, offers, lines, limits, most: () => most, time: () => time };
}

function line(id: string, actor: string, outcome: OrderLine["outcome"], problem?: string): OrderLine {
  return {
    id,
    actor,
    outcome,
    order: "pause",
    by: "me",
    role: "operate",
    at: "",
    ...(problem !== undefined && { problem }),
  };
}

const ids = Array.from({ length: 30 }, (_, index) => `a${index}`);

it("gives a few at a time, and follows each to what came of it", async () => {
  const { fake, lines, most, limits } = studio((actor) => {
    const last =
      actor === "a7" ? line("o-a7", actor, "refused", "it makes no sense") : line(`o-${actor}`, actor, "done");
    lines.push(last);
    return { id: `o-${actor}`, outcome: "pending" };
  });
  const many = new ManyOrders(ids, fake);
  await many.run();
  const { outcomes, over } = many.state.get();
  expect(over).toBe(true);
  expect(most()).toBe(4);
  expect(countsOf(outcomes)).toMatchObject({ done: 29, failed: 1 });
  expect(outcomes.get("a7")).toEqual({ state: "failed", problem: "it makes no sense" });
  expect(limits.every((limit) => limit === 160)).toBe(true);
});

it("waits as long as the studio says when there is no room, and offers the same again", async () => {
  const { fake, offers } = studio((actor, offer) => {
    if (actor === "a1" && offer < 3) throw new ApiError(503, "full", { code: "orders_full", retryAfter: 2000 });
    if (actor === "a2" && offer < 2) throw new ApiError(429, "slower");
    return { id: actor, outcome: "done" };
  });
  const many = new ManyOrders(ids.slice(0, 3), fake);
  await many.run();
  expect(countsOf(many.state.get().outcomes)).toMatchObject({ done: 3 });
  const times = offers.filter(({ actor }) => actor === "a1").map(({ at }) => at);
  expect(times).toHaveLength(3);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(2000);
  expect(many.state.get().full).toBe(false);
});

it("names who failed and why, and does not ask again where that makes no sense", async () => {
  const { fake, offers } = studio((actor) => {
    if (actor === "a0") throw new ApiError(410, "actor `a0` has ended");
    if (actor === "a1") throw new ApiError(503, "its process is silent", { code: "process_silent" });
    if (actor === "a2") throw new ApiError(503, "full", { code: "orders_full" });
    return { id: actor, outcome: "done" };
  });
  const many = new ManyOrders(ids.slice(0, 4), fake);
  await many.run();
  const { outcomes } = many.state.get();
  expect(["a0", "a1", "a2"].map((id) => outcomes.get(id)?.problem)).toEqual([
    "actor `a0` has ended",
    "its process is silent",
    "full",
  ]);
  expect(outcomes.get("a3")?.state).toBe("done");
  const asked = (id: string) => offers.filter(({ actor }) => actor === id).length;
  expect([asked("a0"), asked("a1"), asked("a2")]).toEqual([1, 1, 60]);
});

it("gives no more once somebody says so, and does not wait for ever for answers", async () => {
  const many = new ManyOrders(ids, {
    ...studio(() => ({ id: "x", outcome: "done" })).fake,
    ...(() => {
      const { fake } = studio((actor) => {
        if (actor === "a4") many.stop();
        return { id: `o-${actor}`, outcome: "pending" };
      });
      return fake;
    })(),
  });
  await many.run();
  const counts = countsOf(many.state.get().outcomes);
  expect(counts.kept).toBeGreaterThan(15);
  expect(counts.kept + counts.unanswered).toBe(30);
});
