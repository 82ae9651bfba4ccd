import { useEffect, useState } from "react";
import { fetchLogWindow } from "../../api/queries";
import type { Job } from "../../api/types";
import { useLive } from "../use-live";
import { LogBuffer } from "./log-buffer";

/** The log of a job's newest attempt, kept up to date while it is shown. `over`: the job has ended, so the log is about to be whole. */
export function useLogBuffer(run: string, { id: job, attempt }: Job, over: boolean): LogBuffer | undefined {
  const live = useLive();
  const [buffer, setBuffer] = useState<LogBuffer | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt has another log.
  useEffect(() => {
    const made = new LogBuffer((from, limit, signal) => fetchLogWindow(run, job, from, limit, signal));
    const forget = live.logs.listen(
      run,
      job,
      (total) => made.grown(total),
      () => made.refresh(),
    );
    made.want(1, 1);
    setBuffer(made);
    return () => {
      forget();
      made.close();
      setBuffer(undefined);
    };
  }, [live, run, job, attempt]);
  useEffect(() => {
    if (over) buffer?.refresh();
  }, [buffer, over]);
  return buffer;
}
