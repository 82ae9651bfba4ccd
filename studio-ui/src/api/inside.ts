/**
 * What the studio tells of the inside of actors: traffic, journals, lints, orders. Written by hand until the studio's description
 * has all of it; then each of these is the generated type of its name.
 */

/** A JSON Schema, as far as a form is made from it. */
export type JsonSchema = {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
};

/** A message that may be sent from outside. */
export type MessageForm = { type: string; schema?: JsonSchema };

/** What an actor lets others order of it. */
export type Controls = { orders: string[]; messages?: MessageForm[]; config?: JsonSchema };

/** Milliseconds that this share of all did not exceed; absent where nothing was timed. */
export type Percentiles = { p50?: number | null; p95?: number | null; p99?: number | null };

/** Messages of one type within a window. */
export type MessageRow = {
  type: string;
  handled: number;
  asked?: number;
  errors?: number;
  dead?: number;
  cancelled?: number;
  /** Per second. */
  rate?: number | null;
  waitMs?: Percentiles | null;
  handleMs?: Percentiles | null;
};

export type TypeRow = {
  type: string;
  live: number;
  queued: number;
  handled: number;
  errors: number;
  rate?: number | null;
  errorRate?: number | null;
  waitMs?: Percentiles | null;
  handleMs?: Percentiles | null;
  messages?: MessageRow[];
};

/** The other end of a stream of messages; without an id it is outside of all actors. */
export type Neighbour = { id?: string | null; message: string; count: number; rate?: number | null };

export type ActorTraffic = { messages: MessageRow[]; hears: Neighbour[]; talks: Neighbour[] };

/** One value a step; `null` where nothing is known. */
export type Series = readonly (number | null)[];

export type History = {
  /** Milliseconds from one value to the next. */
  step: number;
  /** The moment of the first. */
  from: string;
  rate: Series;
  errors: Series;
  queue: Series;
  waitMs: Series;
  handleMs: Series;
};

export type MapNode = {
  id: string;
  type: string;
  /** How many actors it stands for. */
  count: number;
  rate?: number | null;
  errors?: number | null;
  queue?: number | null;
  waitMs?: number | null;
  /** Actors by status. */
  status?: Record<string, number>;
};

export type MapEdge = {
  /** Absent when no observed actor sent them. */
  from?: string | null;
  to: string;
  rate: number;
  count: number;
  messages?: { type: string; rate: number }[];
};

export type ActorMap = {
  group: MapGroup;
  nodes: MapNode[];
  edges: MapEdge[];
  /** Actors were asked for, and there were too many. */
  grouped?: boolean;
};

export type MapGroup = "type" | "actor";

export type Lint = {
  code: string;
  /** `warning` or `problem`. */
  severity: string;
  actor?: string | null;
  type?: string | null;
  sentence: string;
  since?: string | null;
  value?: number | null;
  threshold?: number | null;
};

export type JournalLine = {
  /** From 1; a hole says that lines are no longer kept. */
  seq: number;
  time: string;
  kind: string;
  message: string;
  correlationId?: string | null;
  data?: Record<string, unknown> | null;
};

/** What an order came to; `pending` when the actor has not answered in time. */
export type OrderResult = { id: string; outcome: string; value?: unknown; problem?: string | null };
