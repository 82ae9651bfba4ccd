/**
 * The wire as this page reads it. The studio's own part comes from its description (`npm run gen:api`); the runtime's part
 * is written here. Everything but identity is optional: what a server does not know is absent, and the page shows it as
 * unknown, never as zero.
 */

import type { Controls } from "./inside";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** The description allows `null` where something may be absent; the studio leaves it out. */
type Sent<T> = { [K in keyof T]: Exclude<T[K], null> };

export type ActorRecord = Sent<Omit<Schemas["ActorRecord"], "metadata" | "rates" | "latency" | "controls">> & {
  metadata?: Record<string, unknown>;
  rates?: Sent<Schemas["Rates"]>;
  latency?: Sent<Schemas["Latency"]>;
  controls?: Controls;
};

export type ActorsPage = { items: ActorRecord[]; next: string | null; total: number };

export type Metrics = Schemas["Metrics"];
/** How the studio does: each part of it by name. */
export type Health = Schemas["Health"];

export type UiSection = Schemas["UiSection"];

export type Ui = Schemas["Ui"];

/** Whether the studio wants to know who asks, and whether it knows us. */
export type Session = Schemas["SessionState"] & {
  /** Who we are, and what we may do: `view`, `operate` or `admin`. */
  name?: string;
  role?: string;
  /** Set by this page: the studio knew us until just now. */
  ended?: boolean;
};

export type RuntimeStatus = {
  status: string;
  version?: string;
  uptime?: number;
  runs?: { queued?: number; running?: number };
  jobs?: Record<string, number>;
};

export type Diagnostic = {
  severity: string;
  message: string;
  code?: string;
  help?: string;
  file?: string;
  line?: number;
  column?: number;
};

export type LastRun = { runId: string; state: string; paused?: boolean; startedAt?: string; finishedAt?: string };

export type WorkflowSource = { file: string; text: string };

/** What is found in a text; places count from 1, columns in characters (code points). */
export type Finding = {
  severity: string;
  code: string;
  message: string;
  /** The file that was checked, or one that it refers to. */
  file: string;
  line?: number | null;
  column?: number | null;
  end_line?: number | null;
  end_column?: number | null;
  label?: string | null;
  help?: string | null;
};

/** A job as a file has it; before anything runs. */
export type PlannedJob = {
  id: string;
  name: string;
  needs: string[];
  matrix: boolean;
  /** The names of its instances; absent where they are known only when it runs. */
  instances?: string[];
};

export type Checked = {
  valid: boolean;
  diagnostics: Finding[];
  /** How many findings more there are. */
  omitted?: number;
  /** Absent where mistakes leave none. */
  graph?: { name: string | null; jobs: PlannedJob[] };
};

export type Reason = { code?: string; message: string };

/** What a step said of a place in a file; lines and columns count from 1. */
export type Annotation = {
  /** `notice`, `warning` or `error`. */
  level: string;
  message: string;
  title?: string;
  file?: string;
  line?: number;
  endLine?: number;
  column?: number;
  endColumn?: number;
};

export type Step = {
  index: number;
  /** What lines of the log call it: `0`, `0.1` within a composite action, `pre-0`, `post-0`. */
  id: string;
  /** The step that brought it. */
  parent?: string;
  /** `pre`, `main` or `post`: when it runs. */
  phase?: string;
  name: string;
  state: string;
  /** The attempts before this one, also those that somebody had done again after a pause. */
  earlier?: StepTry[];
  /** The steps behind it, or beside it in a `parallel`, do not wait for its end; known once it runs. */
  background?: boolean;
  /** Ids of the background steps that it waits for, or ends. */
  waitsFor?: string[];
  outcome?: string;
  conclusion?: string;
  exitCode?: number;
  startedAt?: string;
  finishedAt?: string;
  reason?: Reason;
  /** What it gave, by name. */
  outputs?: Record<string, string>;
  annotations?: Annotation[];
  /** Markdown, from the step: foreign text. */
  summary?: string;
};

/** An attempt at a step that another one followed. */
export type StepTry = { exitCode?: number; reason?: Reason; startedAt?: string; finishedAt?: string };

export type Job = {
  /** `test#0` for one combination of a matrix, `deploy/build` for a job of a called workflow. */
  id: string;
  /** The job that brought it, with its matrix or by a call. */
  parent?: string;
  /** Whether it is there for the jobs that name it as their parent, and runs nothing itself. */
  group?: boolean;
  name: string;
  state: string;
  needs?: string[];
  /** Its failure leaves the run a success. */
  continueOnError?: boolean;
  /** The workflow that it calls, as written. */
  calls?: string;
  /** From 1; absent on the first. */
  attempt?: number;
  /** Where it ran, when it did not run in this attempt of its run. */
  reused?: { run: string; attempt: number; jobAttempt?: number };
  /** The attempts before this one. */
  earlier?: Attempt[];
  /** The steps that it is paused at: somebody has to say how they go on. */
  pauses?: Pause[];
  /** The concurrency group that it waits for. */
  waitsFor?: string;
  image?: string;
  startedAt?: string;
  finishedAt?: string;
  reason?: Reason;
  /** What it tells the jobs that need it, by name. */
  outputs?: Record<string, string>;
  steps?: Step[];
};

/** An attempt at a job that another one followed; its steps are asked for apart. */
export type Attempt = {
  attempt: number;
  /** `failure` or `lost`; absent when that is not known. */
  state?: string;
  reason?: Reason;
  startedAt?: string;
  finishedAt?: string;
  steps?: Step[];
};

/** A pause at a step that failed. */
export type Pause = {
  /** The step's id. */
  step: string;
  /** Which pause of the job it is, from 1. */
  pause?: number;
  since?: string;
  exitCode?: number;
  reason?: Reason;
  /** Why it could not be done again, when that was tried. */
  problem?: Reason;
};

export type RunSummary = {
  runId: string;
  workflow: { name: string; file?: string };
  /** Which run of its workflow's file it is; that of all attempts at it. */
  number?: number;
  state: string;
  /** Whether it goes on only once somebody has said how. */
  paused?: boolean;
  event?: string;
  /** The branch or tag. */
  branch?: string;
  /** Who caused it. */
  actor?: string;
  commit?: string;
  /** The first line of the commit's message, or the title of the pull request. */
  title?: string;
  executor?: string;
  createdAt?: string;
  startedAt?: string;
  finishedAt?: string;
  /** Which attempt at its run it is; absent on the first. */
  attempt?: number;
};

/** What another attempt at a run goes back to. */
export type Rerun = {
  /** From 2. */
  attempt: number;
  /** The attempt that it was made from. */
  of: string;
  firstAttempt: string;
  /** `all`, `failed` or `jobs`. */
  again: string;
  jobs?: string[];
  /** `stored` or `current`. */
  sources: string;
};

export type RunsPage = {
  items: RunSummary[];
  /** Where the next page begins; `null` on the last one. */
  next: string | null;
  /** How many there are on all pages. */
  total: number;
};

export type Run = RunSummary & {
  reason?: Reason;
  /** Why it is queued, when somebody knows. */
  waitsFor?: string;
  /** Who asked to cancel it, if somebody did; it may go on for a while. */
  cancelRequestedBy?: string;
  /** What it goes back to, when it is another attempt at a run. */
  rerun?: Rerun;
  /** When another process went on with it, because the one before had died. */
  resumedAt?: string[];
  jobs?: Job[];
};

/** What changed in a large run since the last frame of it; all of the run but for jobs that are as they were. */
export type RunDelta = Run & {
  /** The last event that is in it. */
  seq: number;
  jobs: Job[];
};

export type Frame = { type: string; epoch: string; seq: number; data: unknown };

export type { FoundLines, LogGrown, LogHit, LogLine, LogWindow, Sought } from "./log-types";
