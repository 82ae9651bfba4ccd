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

/** What is searched for in logs. */
export type Sought = {
  text: string;
  /** Whether the text is a regular expression. */
  regex: boolean;
  /** Whether capital letters count; else they do when the text has one. */
  sensitive: boolean;
};

/** A line that matches. */
export type LogHit = {
  runId: string;
  workflow: string;
  job: string;
  attempt: number;
  step?: string;
  line: number;
  timestamp: string;
  /** The line around its first match; `…` where it is cut. */
  before: string;
  match: string;
  after: string;
};

export type FoundLines = {
  hits: LogHit[];
  /** Whether there may be more, behind `next`. */
  truncated: boolean;
  next?: string;
  logs: number;
  bytes: number;
  unreadable: number;
};
