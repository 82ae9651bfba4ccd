import { Button } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import type { Job } from "../api/types";
import type { Range } from "../lib/logs/folds";
import { namedRange, pointedOf } from "../lib/logs/pointed";
import { useCopy } from "../lib/use-copy";
import { visible } from "../lib/visible";
import styles from "./copy-link.module.css";

type CopyLinkProps = {
  run: string;
  /** Of a job, and of lines of the log that it wrote in one of its attempts. */
  job?: Pick<Job, "id" | "name">;
  attempt?: number;
  lines?: Range | undefined;
};

/** Takes the whole address of a run, a job or lines of its log to the clipboard, so that it can be sent on. */
export function CopyLink({ run, job, attempt, lines }: CopyLinkProps) {
  const router = useRouter();
  const { state, copy } = useCopy();
  const address = () => {
    const search = {
      ...(job && { job: job.id }),
      // A later attempt has other lines, and the job itself is wanted as it is then.
      ...(lines && { ...(attempt !== undefined && { attempt }), line: pointedOf(lines) }),
    };
    const place = router.buildLocation({ to: "/runs/$runId", params: { runId: run }, search });
    return new URL(router.history.createHref(place.publicHref), window.location.origin).href;
  };
  const what = job === undefined ? "this run" : `${lines ? `${namedRange(lines)} of ` : ""}${visible(job.name)}`;
  return (
    <>
      <Button
        className={styles.copy ?? ""}
        variant="default"
        {...(job && { size: "compact-xs" })}
        aria-label={state === "idle" ? `Copy link to ${what}` : `${WORDS[state]}: link to ${what}`}
        onClick={() => void copy(address())}
      >
        {WORDS[state]}
      </Button>
      <span role="status" className="visually-hidden">
        {state === "idle" ? "" : WORDS[state]}
      </span>
    </>
  );
}

const WORDS = { idle: "Copy link", copied: "Copied", failed: "Not copied" };
