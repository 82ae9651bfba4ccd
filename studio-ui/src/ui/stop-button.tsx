import type { ButtonProps } from "@mantine/core";
import { useEffect, useState } from "react";
import { Icon } from "./icon";
import { PendingButton } from "./pending-button";
import styles from "./stop-button.module.css";

type StopButtonProps = {
  verb: "Cancel" | "Stop";
  /** What is stopped, for those who hear the page. */
  of?: string | undefined;
  /** How often it has been asked for and accepted: the first asks to end, the second forces. */
  asked: number;
  pending: boolean;
  /** Why it is not for whoever looks at it, where that is so. */
  barred: string | undefined;
  size?: ButtonProps["size"];
  onClick: () => void;
};

/** A second click that comes this soon was meant for the first order. */
const HOLD_MS = 2000;

/**
 * Asks something to stop, shows that it was asked, and then offers to force it. Being asked to stop is not having stopped:
 * whoever shows the button takes it away once all has ended.
 */
export function StopButton({ verb, of, asked, pending, barred, size, onClick }: StopButtonProps) {
  const held = useHeld(asked === 1);
  const words = wordsOf(verb, asked, held);
  const force = asked === 1 && !held;
  return (
    <PendingButton
      variant="default"
      {...(force && { className: styles.force })}
      {...(size !== undefined && { size })}
      leftSection={<Icon name={force ? "warning" : "stop"} size={12} />}
      aria-label={of && `${words} ${of}`}
      pending={pending || asked > 1 || held}
      barred={barred}
      title={force ? "Ends every step at once, without the time to clean up" : undefined}
      onClick={onClick}
    >
      {words}
    </PendingButton>
  );
}

function wordsOf(verb: StopButtonProps["verb"], asked: number, held: boolean): string {
  if (asked === 0) return verb;
  if (asked === 1 && !held) return `Force ${verb.toLowerCase()}`;
  return verb === "Cancel" ? "Cancelling …" : "Stopping …";
}

/** True for a while from when it first was. */
function useHeld(now: boolean): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!now) return;
    const timer = setTimeout(() => setOver(true), HOLD_MS);
    return () => {
      clearTimeout(timer);
      setOver(false);
    };
  }, [now]);
  return now && !over;
}
