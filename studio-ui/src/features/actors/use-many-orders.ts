import { useSyncExternalStore } from "react";
import { giveOrder, readOrders } from "../../api/inside-queries";
import { Store } from "../../lib/store";
import { ManyOrders, type Progress } from "./model/give-many";
import type { Plan } from "./model/many";

export type Carrying = { plan: Plan; progress: Progress; stop: () => void };

type Given = { plan: Plan; orders: ManyOrders };

/** Outside of all pages: who follows a link meanwhile has ordered the rest all the same, and finds what came of it. */
const GIVEN = new Store<Given | undefined>(undefined);
const NOTHING = new Store<Progress | undefined>(undefined);

/** One order to many at a time. */
export function useManyOrders() {
  const given = useSyncExternalStore(GIVEN.subscribe, GIVEN.get);
  const store: Pick<Store<Progress | undefined>, "get" | "subscribe"> = given?.orders.state ?? NOTHING;
  const progress = useSyncExternalStore(store.subscribe, store.get);
  const carrying: Carrying | undefined = given &&
    progress && { plan: given.plan, progress, stop: () => given.orders.stop() };
  return { carrying, give, close: () => GIVEN.set(undefined) };
}

function give(plan: Plan): void {
  const orders = new ManyOrders(
    plan.to.map(({ id }) => id),
    {
      give: (actor) => giveOrder(actor, plan.order, { wait: 0 }),
      orders: readOrders,
      sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
      now: Date.now,
    },
  );
  GIVEN.set({ plan, orders });
  void orders.run();
}
