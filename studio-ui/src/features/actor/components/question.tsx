import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { Icon } from "../../../ui/icon";
import type { Lever } from "../../../ui/levers";
import styles from "./levers.module.css";

type QuestionProps = { lever: Lever; onYes: () => void; onNo: () => void };

/** Asks once, in place, with what will happen. The way back has the focus. */
export function Question({ lever, onYes, onNo }: QuestionProps) {
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div
      role="group"
      aria-label={`${lever.title}?`}
      className={styles.question}
      onKeyDown={(event) => event.key === "Escape" && onNo()}
    >
      <Icon name="warning" />
      <p>{lever.says}</p>
      <span className={styles.answers}>
        <Button ref={back} size="compact-sm" variant="default" onClick={onNo}>
          Leave it
        </Button>
        <Button size="compact-sm" variant="default" className={styles.yes ?? ""} onClick={onYes}>
          {lever.title}
        </Button>
      </span>
    </div>
  );
}
