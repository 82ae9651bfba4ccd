import { Button } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { formatCount } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { nameOfOrder } from "../../../ui/levers";
import { MOST_CHOSEN } from "../model/choice";
import { type ManyOrder, type Plan, plansFor } from "../model/many";
import type { Choice } from "../use-choice";
import { useManyOrders } from "../use-many-orders";
import styles from "./choice-bar.module.css";
import { ManyOutcomes } from "./many-outcomes";
import { ManyQuestion } from "./many-question";

type ChoiceBarProps = {
  choice: Choice;
  /** How many actors the filter finds. */
  total: number;
};

/** What can be ordered of all that are chosen: asked once, with what it will do to how many, and followed to its end. */
export function ChoiceBar({ choice, total }: ChoiceBarProps) {
  const [asked, setAsked] = useState<ManyOrder | undefined>(undefined);
  const { carrying, give, close } = useManyOrders();
  const { chosen, problem } = choice;
  // Who is chosen, and how they are, may change while it is asked.
  const plans = plansFor(chosen.values());
  const plan = plans.find(({ order }) => order === asked);
  if (carrying) {
    return (
      <Bar step="outcomes">
        <ManyOutcomes
          carrying={carrying}
          onClose={() => {
            // Nothing more can be ordered of those.
            if (carrying.plan.order === "stop" || carrying.plan.order === "kill") choice.clear();
            close();
          }}
        />
      </Bar>
    );
  }
  if (chosen.size === 0) {
    return problem === undefined ? null : (
      <Bar step="problem">
        <p role="status">{problem}</p>
      </Bar>
    );
  }
  const sure = (sure: Plan) => {
    setAsked(undefined);
    give(sure);
  };
  return (
    <Bar step={plan ? "question" : "offers"}>
      {plan ? (
        <ManyQuestion plan={plan} onYes={() => sure(plan)} onNo={() => setAsked(undefined)} />
      ) : (
        <Offers choice={choice} plans={plans} total={total} onAsk={setAsked} />
      )}
    </Bar>
  );
}

/** Whoever works by keyboard stays in it when a button gives way to what it brings. */
function Bar({ step, children }: { step: string; children: ReactNode }) {
  const bar = useRef<HTMLElement>(null);
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step && document.activeElement === document.body) bar.current?.focus();
    before.current = step;
  }, [step]);
  return (
    <section ref={bar} tabIndex={-1} aria-label="Chosen actors" className={styles.bar}>
      {children}
    </section>
  );
}

type OffersProps = ChoiceBarProps & { plans: readonly Plan[]; onAsk: (order: ManyOrder) => void };

function Offers({ choice, plans, total, onAsk }: OffersProps) {
  const { chosen, problem, all, clear } = choice;
  return (
    <div className={styles.row}>
      <strong role="status">{formatCount(chosen.size)} chosen</strong>
      {plans.map(({ order, to, says }) => {
        const { title, icon } = nameOfOrder(order);
        return (
          <Button
            key={order}
            size="compact-sm"
            variant="default"
            leftSection={<Icon name={icon} size={12} />}
            data-many={order}
            title={says}
            onClick={() => onAsk(order)}
          >
            {title}
            {to.length < chosen.size && ` ${formatCount(to.length)} of them`}
          </Button>
        );
      })}
      {plans.length === 0 && <span className="dim">None of them takes an order from here.</span>}
      {problem !== undefined && <span className="dim">{problem}</span>}
      <span className={styles.end}>
        {chosen.size < Math.min(total, MOST_CHOSEN) && (
          <button type="button" className={styles.link} onClick={all}>
            {total > MOST_CHOSEN
              ? `Choose the first ${MOST_CHOSEN} of ${formatCount(total)} that match`
              : `Choose all ${formatCount(total)} that match`}
          </button>
        )}
        <button type="button" className={styles.link} onClick={clear}>
          Choose nobody
        </button>
      </span>
    </div>
  );
}
