import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Icon } from "../../../ui/icon";
import styles from "./now.module.css";

type QuestionProps = { title: string; says: string; onYes: () => void; onNo: () => void };

/** Asks once, in place, with what will happen. The way back has the focus; then the keyboard is where it was. */
export function Question({ title, says, onYes, onNo }: QuestionProps) {
  const back = useRef<HTMLButtonElement>(null);
  const [opener] = useState(() => document.activeElement);
  useEffect(() => back.current?.focus(), []);
  const no = () => {
    if (opener instanceof HTMLElement) opener.focus();
    onNo();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div
      role="group"
      aria-label={`${title}?`}
      className={styles.question}
      onKeyDown={(event) => event.key === "Escape" && no()}
    >
      <Icon name="warning" />
      <p>{says}</p>
      <span className={styles.levers}>
        <Button ref={back} size="compact-sm" variant="default" onClick={no}>
          Leave it
        </Button>
        <Button size="compact-sm" variant="default" className={styles.yes ?? ""} onClick={onYes}>
          {title}
        </Button>
      </span>
    </div>
  );
}
