import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type RecordingState, recordingFile, recordingQuery, saveRecording } from "../api/recording";
import { formatMoment, formatTime } from "../lib/format";
import { useMoment, usePastReason } from "../lib/use-moment";
import { Icon } from "../ui/icon";
import { PendingButton } from "../ui/pending-button";
import styles from "./time-bar.module.css";

/** The pages whose panels are as of one moment. */
const OF_ACTORS = /^\/($|actors|map|types)/;
/** Whoever draws the handle along is asked about where it stays. */
const GATHER_MS = 150;
const STEP_MS = 1000;

/** The one time cursor of all panels: live, or a moment of the recording. */
export function TimeBar() {
  const { data } = useQuery(recordingQuery);
  const { at } = useMoment();
  const page = useRouterState({ select: ({ location }) => location.pathname });
  if (!data?.stretch && at === undefined) return null;
  if (!OF_ACTORS.test(page) && at === undefined && !data?.opened) return null;
  return <Cursor recording={data} at={at} />;
}

type CursorProps = { recording: RecordingState | undefined; at: number | undefined };

function Cursor({ recording, at }: CursorProps) {
  const navigate = useNavigate();
  const go = (to: number | undefined) =>
    void navigate({ to: ".", search: (search) => ({ ...search, at: to }), replace: true });
  const stretch = recording?.stretch;
  const opened = recording?.opened;
  const isPast = at !== undefined || Boolean(opened);
  return (
    <section aria-label="Time" className={styles.bar} data-past={isPast || undefined}>
      {opened && stretch && (
        <p className={styles.opened} role="status">
          Recording <b>{opened.name}</b> of {formatMoment(String(stretch.from))} to {formatTime(String(stretch.to))}
        </p>
      )}
      <Button size="compact-sm" variant="default" aria-pressed={at === undefined} onClick={() => go(undefined)}>
        {opened ? "End" : "Live"}
      </Button>
      {stretch && <Slider from={Date.parse(stretch.from)} to={Date.parse(stretch.to)} at={at} onMove={go} />}
      <Told recording={recording} at={at} />
      {!opened && recording?.recording && <Keep recording={recording} />}
    </section>
  );
}

type SliderProps = { from: number; to: number; at: number | undefined; onMove: (at: number | undefined) => void };

function Slider({ from, to, at, onMove }: SliderProps) {
  const [drawn, setDrawn] = useState<number | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = drawn ?? at ?? to;
  const move = (value: number) => {
    setDrawn(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setDrawn(undefined);
      onMove(value);
    }, GATHER_MS);
  };
  const moment = new Date(shown).toISOString();
  return (
    <>
      <input
        type="range"
        className={styles.slider}
        aria-label="Moment"
        aria-valuetext={at === undefined && drawn === undefined ? "the newest" : formatTime(moment)}
        min={Math.min(from, shown)}
        max={Math.max(to, shown)}
        step={STEP_MS}
        value={shown}
        onChange={(event) => move(Number(event.currentTarget.value))}
      />
      <time className={styles.moment} dateTime={moment} title={formatMoment(moment)}>
        {formatTime(moment)}
      </time>
    </>
  );
}

/** What is shown, what of it can't be, and what does not work meanwhile. */
function Told({ recording, at }: CursorProps) {
  const { problem } = useMoment();
  const past = usePastReason();
  const holes = recording?.holes ?? [];
  return (
    <div className={styles.told}>
      <div role="status">
        {problem && (
          <p className={styles.warning}>
            <Icon name="warning" size={14} />
            <span>{problem.message}</span>
          </p>
        )}
        {at !== undefined && !problem && <p>{past}</p>}
      </div>
      {holes.map((hole) => (
        <p key={String(hole.from)} className={styles.warning}>
          <Icon name="warning" size={14} />
          <span>
            Nothing can be seen from {formatTime(String(hole.from))} to {formatTime(String(hole.to))}:{" "}
            {hole.lost === 0
              ? "this server did not hear what the others took in."
              : "more came in than could be recorded."}
          </span>
        </p>
      ))}
      {recording?.cutShort && (
        <p className={styles.warning}>
          <Icon name="warning" size={14} />
          <span>It reaches back less than ten minutes: the memory for it is used up (LOOM_RECORDER_MB).</span>
        </p>
      )}
    </div>
  );
}

/** What is recorded as a file: taken along, or kept at the studio. */
function Keep({ recording }: { recording: RecordingState }) {
  const save = useMutation({ mutationFn: saveRecording });
  return (
    <div className={styles.keep}>
      {recording.saved && (
        <PendingButton size="compact-sm" variant="default" pending={save.isPending} onClick={() => save.mutate()}>
          Save the recording
        </PendingButton>
      )}
      <a href={recordingFile()} download>
        Download
      </a>
      <span role="status" className="dim">
        {save.data && `Saved as ${save.data.name}.`}
        {save.error && `Not saved: ${save.error.message}`}
      </span>
    </div>
  );
}
