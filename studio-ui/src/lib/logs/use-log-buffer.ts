import { useEffect, useState } from "react";
import { fetchLogWindow } from "../../api/queries";
import { useLive } from "../use-live";
import { LogBuffer } from "./log-buffer";

/** The log of one job, kept up to date while it is shown. `over`: the job has ended, so the log is about to be whole. */
export function useLogBuffer(run: string, job: string, over: boolean): LogBuffer | undefined {
  const live = useLive();
  const [buffer, setBuffer] = useState<LogBuffer | undefined>(undefined);
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
  }, [live, run, job]);
  useEffect(() => {
    if (over) buffer?.refresh();
  }, [buffer, over]);
  return buffer;
}
