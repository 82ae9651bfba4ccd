/** The workflows of a project, as the runtime tells them. */

import type { Diagnostic, LastRun } from "./types";

/** What a workflow may be told when it is started by hand. */
export type WorkflowInput = {
  name: string;
  /** `string`, `boolean`, `number`, `choice` (one of `options`) or `environment`. */
  type: string;
  required: boolean;
  /** What it is when it is not given; absent where there is none, and where the run computes it. */
  default?: string;
  options?: string[];
};

/** A time of the week, month or year at which a workflow starts by itself. */
export type Schedule = {
  cron: string;
  timezone: string;
  /** The next times, the first one first. */
  next: string[];
  /** The last time that was due; without a run while it begins. */
  last?: { at: string; runId?: string; problem?: string };
  /** The last times that passed while nothing served the project. */
  missed?: { count: number; first: string; last: string };
  /** Why it is never due. */
  problem?: string;
};

export type Workflow = {
  name: string;
  file: string;
  /** `idle`, `running` or `invalid`. */
  state: string;
  /** Whether it is there for other workflows alone, and is not started by itself. */
  onlyCalled?: boolean;
  /** Absent where it takes nothing. */
  inputs?: WorkflowInput[];
  /** Absent where no run begins by the clock. */
  schedules?: Schedule[];
  lastRun?: LastRun | null;
  diagnostics?: Diagnostic[];
};
