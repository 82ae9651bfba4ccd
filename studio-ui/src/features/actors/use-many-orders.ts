import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { giveOrder, readOrders } from "../../api/inside-queries";
import { Store } from "../../lib/store";
import { ManyOrders, type Progress } from "./model/give-many";
import type { Plan } from "./model/many";

export type Carrying = { plan: Plan; progress: Progress; stop: () => void };

const NOTHING = new Store<Progress | undefined>(undefined);

/** One order to many at a time. Whoever leaves the page gives no more. */
export function useManyOrders() {
  const [given, setGiven] = useState<{ plan: Plan; orders: ManyOrders } | undefined>(undefined);
  const running = useRef<ManyOrders | undefined>(undefined);
  useEffect(() => () => running.current?.stop(), []);
  const store: Store<Progress> | typeof NOTHING = given?.orders.state ?? NOTHING;
  const progress = useSyncExternalStore(store.subscribe, store.get);
  const give = (plan: Plan) => {
    const orders = new ManyOrders(
      plan.to.map(({ id }) => id),
      {
        give: (actor) => giveOrder(actor, plan.order, { wait: 0 }),
        orders: readOrders,
        sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
        now: Date.now,
      },
    );
    running.current = orders;
    setGiven({ plan, orders });
    void orders.run();
  };
  const carrying: Carrying | undefined = given &&
    progress && { plan: given.plan, progress, stop: () => given.orders.stop() };
  return { carrying, give, close: () => setGiven(undefined) };
}
