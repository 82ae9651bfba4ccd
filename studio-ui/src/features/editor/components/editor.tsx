import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useId, useMemo, useRef, useState } from "react";
import type { Finding } from "../../../api/types";
import { formatCount } from "../../../lib/format";
import { load } from "../../../lib/load";
import { CopyButton } from "../../../ui/copy-button";
import { MOST_NODES } from "../../../ui/job-graph/limits";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../../ui/notes";
import { Page, Panel } from "../../../ui/page";
import { inOrder, marksOf } from "../model/marks";
import { asIn, lineOfJob, normal, offsetOf } from "../model/text";
import { verdictOf } from "../model/verdict";
import { type Check, useCheck } from "../use-check";
import { goTo } from "./caret";
import { CodeArea } from "./code-area";
import { download } from "./download";
import styles from "./editor.module.css";
import { FindingList } from "./finding-list";
import { Verdict } from "./verdict";

const PlanGraph = lazy(() => load(() => import("./plan-graph")).then((module) => ({ default: module.PlanGraph })));
const NONE: readonly Finding[] = [];

type EditorProps = { file: string; text: string; title?: string };

/** A text that is meant for a file. It is copied or downloaded from here; the studio writes no file of the project. */
export function Editor({ file, text: original, title = `Edit ${file}` }: EditorProps) {
  const start = useMemo(() => normal(original), [original]);
  const [text, setText] = useState(start);
  const [taken, setTaken] = useState(start);
  const area = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const check = useCheck(file, text);
  const { found } = check;
  const findings = useMemo(() => inOrder(file, found?.findings ?? NONE), [file, found?.findings]);
  const marks = useMemo(() => (found ? marksOf(file, findings, found.text, text) : []), [file, findings, found, text]);
  useLeaving(text !== taken);
  const go = useCallback((finding: Finding) => {
    if (area.current === null || !finding.line) return;
    const { value } = area.current;
    const from = offsetOf(value, finding.line, finding.column ?? 1);
    const to = finding.end_line ? offsetOf(value, finding.end_line, finding.end_column ?? 1) : from;
    goTo(area.current, from, to);
  }, []);
  const goToJob = useCallback((job: string) => {
    if (area.current === null) return;
    const line = lineOfJob(area.current.value, job);
    if (line !== undefined) goTo(area.current, offsetOf(area.current.value, line, 1));
  }, []);
  return (
    <Page
      title={title}
      aside={<Verdict verdict={verdictOf(found)} />}
      actions={
        <>
          <CopyButton text={() => asIn(original, text)} onCopied={() => setTaken(text)} />
          <Button
            variant="default"
            onClick={() => {
              download(file, asIn(original, text));
              setTaken(text);
            }}
          >
            Download
          </Button>
        </>
      }
      fill
    >
      <div className={styles.split}>
        <Panel label="Text" className={styles.code}>
          <CodeArea
            label={`Text of ${file}`}
            text={text}
            marks={marks}
            describedBy={list}
            area={area}
            onChange={setText}
          />
        </Panel>
        <Panel label="Graph of jobs" className={styles.graph}>
          <Graph check={check} onSelect={goToJob} />
        </Panel>
        <Panel label="Findings" className={styles.findings}>
          {check.error && (
            <ErrorNote title="The text could not be checked." error={check.error} onRetry={check.again} />
          )}
          {!found && !check.error && <LoadingNote what="the findings" />}
          {found && findings.length === 0 && <EmptyNote title="Nothing is wrong in this text." />}
          <FindingList id={list} file={file} findings={findings} omitted={found?.omitted ?? 0} onGo={go} />
        </Panel>
      </div>
    </Page>
  );
}

function Graph({ check: { graph, stale, found }, onSelect }: { check: Check; onSelect: (job: string) => void }) {
  if (graph === undefined) {
    return found ? (
      <EmptyNote title="The jobs are drawn once the text can be read." />
    ) : (
      <LoadingNote what="the graph" />
    );
  }
  if (graph.jobs.length > MOST_NODES) {
    return <TooMuchNote>{formatCount(graph.jobs.length)} jobs are too many for a picture.</TooMuchNote>;
  }
  return (
    <>
      {stale && <p className={styles.stale}>As it was before the mistakes.</p>}
      <div className={styles.picture} data-stale={stale || undefined}>
        <Suspense fallback={<LoadingNote what="the graph" />}>
          <PlanGraph jobs={graph.jobs} onSelect={onSelect} />
        </Suspense>
      </div>
    </>
  );
}

/** Asks before a text is lost that was neither copied nor downloaded. */
function useLeaving(unsaved: boolean): void {
  useBlocker({
    shouldBlockFn: () =>
      unsaved && !window.confirm("The text was changed and neither copied nor downloaded. Leave it?"),
    enableBeforeUnload: unsaved,
  });
}
