import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatCount } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Name } from "../../../ui/name";
import { EmptyNote } from "../../../ui/notes";
import type { Finding } from "../model/findings";
import { AnnotationLine } from "./annotation-line";
import styles from "./annotations.module.css";

const PORTION = 100;

type AnnotationsProps = { run: string; annotations: readonly Finding[] };

/** What the steps of a run said of places in files, the gravest first. */
export function Annotations({ run, annotations }: AnnotationsProps) {
  const [most, setMost] = useState(PORTION);
  if (annotations.length === 0) return <EmptyNote title="No step of this run has annotated anything." />;
  return (
    <ul className={styles.list}>
      {annotations.slice(0, most).map(({ job, step, annotation }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: annotations have no name.
        <li key={index}>
          <AnnotationLine of={annotation} />
          <Link
            to="/runs/$runId"
            params={{ runId: run }}
            search={{ job: job.id, step: step.id }}
            className={styles.from}
            aria-label={`To ${visible(job.name)}, ${visible(step.name)}`}
          >
            <Name of={job.name} /> › <Name of={step.name} />
          </Link>
        </li>
      ))}
      {annotations.length > most && (
        <li>
          <button type="button" className={styles.more} onClick={() => setMost(most + PORTION)}>
            Show {formatCount(Math.min(PORTION, annotations.length - most))} more of {formatCount(annotations.length)}
          </button>
        </li>
      )}
    </ul>
  );
}
