/** What is asked of logs, and told of them. */

export type LogLine = {
  /** From 1, without holes within a job. */
  line: number;
  timestamp?: string;
  /** Id of the step that wrote it; absent for Loom's own notes. */
  step?: string;
  /** `stdout`, `stderr` or `loom`. */
  stream: string;
  message: string;
};

export type LogWindow = {
  lines: LogLine[];
  from: number;
  next: number;
  total: number;
  /** Whether nothing will be added any more. */
  complete: boolean;
};

export type LogGrown = { runId: string; job: string; attempt?: number; total: number };
