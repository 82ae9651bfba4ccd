/**
 * The wire as this page reads it. Everything but identity is optional: what a server does not know is absent, and the
 * page shows it as unknown, never as zero.
 */

export type ActorRecord = {
  id: string;
  type: string;
  status?: string;
  workerId?: string;
  messageCount?: number;
  queueDepth?: number;
  lastHeartbeat?: string;
  /** Milliseconds. */
  uptime?: number;
  metadata?: Record<string, unknown>;
  parentId?: string;
  node?: string;
  errorCount?: number;
  restartCount?: number;
  rates?: { messages?: number; errors?: number };
  latency?: { handleMs?: number; waitMs?: number };
};

export type Metrics = {
  timestamp: string;
  actorPools: {
    totalActors: number;
    activeActors: number;
    idleActors: number;
    byType: Record<string, number>;
  };
  messageQueues: { totalMessages: number; pendingMessages: number };
};

/** A section that a product of the studio brings; `path` is where the page shows it. */
export type UiSection = { id: string; title: string; path: string };

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

export type LastRun = { runId: string; state: string; startedAt?: string; finishedAt?: string };

export type Workflow = {
  name: string;
  file: string;
  /** `idle`, `running` or `invalid`. */
  state: string;
  lastRun?: LastRun | null;
  diagnostics?: Diagnostic[];
};

export type Reason = { code?: string; message: string };

export type Step = {
  index: number;
  name: string;
  state: string;
  outcome?: string;
  conclusion?: string;
  exitCode?: number;
  startedAt?: string;
  finishedAt?: string;
};

export type Job = {
  id: string;
  name: string;
  state: string;
  needs?: string[];
  image?: string;
  startedAt?: string;
  finishedAt?: string;
  reason?: Reason;
  steps?: Step[];
};

export type RunSummary = {
  runId: string;
  workflow: { name: string; file?: string };
  state: string;
  event?: string;
  executor?: string;
  createdAt?: string;
  startedAt?: string;
  finishedAt?: string;
};

export type Run = RunSummary & { reason?: Reason; jobs?: Job[] };

export type LogLine = {
  /** From 1, without holes within a job. */
  line: number;
  timestamp?: string;
  /** Index of the step that wrote it; absent for Loom's own notes. */
  step?: number;
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

export type Frame = { type: string; epoch: string; seq: number; data: unknown };

export type LogGrown = { runId: string; job: string; total: number };
