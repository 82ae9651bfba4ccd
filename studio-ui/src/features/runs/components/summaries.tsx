import { lazy, Suspense, useState } from "react";
import { formatCount } from "../../../lib/format";
import { load } from "../../../lib/load";
import { Name } from "../../../ui/name";
import { EmptyNote, LoadingNote } from "../../../ui/notes";
import type { Summary } from "../model/findings";
import styles from "./annotations.module.css";

const Markdown = lazy(() =>
  load(() => import("../../../ui/markdown/markdown")).then((module) => ({ default: module.Markdown })),
);
const PORTION = 20;

/** What the steps of a run wrote for people, one after the other. */
export function Summaries({ summaries }: { summaries: readonly Summary[] }) {
  const [most, setMost] = useState(PORTION);
  if (summaries.length === 0) return <EmptyNote title="No step of this run has written a summary." />;
  return (
    <Suspense fallback={<LoadingNote what="the summaries" />}>
      <div className={styles.summaries}>
        {summaries.slice(0, most).map(({ job, step, text }) => (
          <section key={`${job.id}\n${step.id}`} data-summary={job.id}>
            <h2 className={styles.head}>
              <Name of={job.name} /> › <Name of={step.name} />
            </h2>
            <Markdown text={text} />
          </section>
        ))}
        {summaries.length > most && (
          <button type="button" className={styles.more} onClick={() => setMost(most + PORTION)}>
            Show {formatCount(Math.min(PORTION, summaries.length - most))} more of {formatCount(summaries.length)}
          </button>
        )}
      </div>
    </Suspense>
  );
}
