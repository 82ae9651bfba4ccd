import { CloseButton } from "@mantine/core";
import type { OrderResult } from "../../../api/inside";
import { printJson } from "../../../api/json";
import { visible } from "../../../lib/visible";
import { Icon, type IconName } from "../../../ui/icon";
import { Sentence } from "../../../ui/sentence";
import styles from "./levers.module.css";

export type Given = {
  /** What was ordered, in a word. */
  title: string;
  result?: OrderResult | undefined;
  error?: Error | undefined;
};

/** What an order came to, and the answer. */
export function OrderResultView({ given, onClose }: { given: Given; onClose: () => void }) {
  const { title, result, error } = given;
  const [tone, icon, words]: [string, IconName, string] =
    error !== undefined
      ? ["bad", "cross", "was refused"]
      : result?.outcome === "done"
        ? ["good", "check", "done"]
        : result?.outcome === "pending"
          ? ["wait", "clock", "was passed on; no answer has come yet"]
          : ["bad", "cross", result?.outcome ?? "failed"];
  const why = error?.message ?? result?.problem ?? undefined;
  return (
    <div role="status" className={styles.result} data-tone={tone} data-outcome={result?.outcome ?? "error"}>
      <Icon name={icon} />
      <div>
        <strong>{title}</strong> {visible(words)}
        {why !== undefined && (
          <>
            {": "}
            <Sentence text={why} />
          </>
        )}
        {result?.value !== undefined && result.value !== null && (
          <pre className={styles.value} tabIndex={0}>
            {printJson(result.value, 2).split("\n").map(visible).join("\n")}
          </pre>
        )}
      </div>
      <CloseButton size="sm" aria-label="Close the answer" onClick={onClose} />
    </div>
  );
}
