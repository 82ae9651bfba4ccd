import { useCallback, useEffect, useState } from "react";
import { searchLog } from "../../api/log-search";
import { fetchLogWindow } from "../../api/queries";
import type { Job } from "../../api/types";
import { useLive } from "../use-live";
import type { FindLines } from "./find";
import { LogBuffer } from "./log-buffer";

/** The log of an attempt at a job, kept up to date while it is shown. `over`: it has ended, so the log is about to be whole. */
export function useLogBuffer(run: string, { id: job, attempt = 1 }: Job, over: boolean): LogBuffer | undefined {
  const live = useLive();
  const [buffer, setBuffer] = useState<LogBuffer | undefined>(undefined);
  useEffect(() => {
    // One that has not begun has the log of its first attempt.
    const which = Math.max(1, attempt);
    const made = new LogBuffer((from, limit, signal) => fetchLogWindow(run, job, which, from, limit, signal));
    const forget = live.logs.listen(
      { run, job, attempt: which },
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

/** Searches the log of an attempt at a job. */
export function useFindLines(run: string, { id: job, attempt = 1 }: Job): FindLines {
  return useCallback(
    async (sought, from, signal) => {
      const found = await searchLog({ run, job, attempt: Math.max(1, attempt) }, sought, from, signal);
      // Jobs that this one brought are found with it.
      return { ...found, hits: found.hits.filter((hit) => hit.job === job) };
    },
    [run, job, attempt],
  );
}
