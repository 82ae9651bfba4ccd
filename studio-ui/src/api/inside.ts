/**
 * What the studio tells of the inside of actors: traffic, journals, lints, orders. By hand is only what its description leaves open:
 * JSON Schemas, and what has them.
 */

import type { components } from "./schema";
import type { ActorRecord } from "./types";

type Schemas = components["schemas"];

/** Everything but what makes it what it is may be absent. */
type Known<T, K extends keyof T> = Pick<T, K> & Partial<Omit<T, K>>;

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

/** Messages of one type within a window. */
export type MessageRow = Schemas["MessageRow"];
export type Percentiles = Schemas["Percentiles"];
export type TypeRow = Schemas["TypeRow"];
/** The other end of a stream of messages; without an id it is outside of all actors. */
export type Neighbour = Schemas["Neighbour"];
export type ActorTraffic = Schemas["MessagesOfActor"];
export type History = Schemas["History"];
/** What one of a list handled in the steps of a window. */
export type RateLine = Schemas["RateLine"];
export type RatesOfMany = Schemas["RatesOfMany"];
/** Actors by who started them, as much of the tree as was asked for. */
export type TreeLine = Omit<Schemas["TreeLine"], "actor"> & { actor: ActorRecord };
export type ActorTree = Omit<Schemas["ActorTree"], "lines"> & { lines: TreeLine[] };
export type TreeAsked = Partial<Schemas["TreeAsked"]>;
/** One value a step; `null` where nothing is known. */
export type Series = readonly (number | null)[];
export type MapNode = Known<Schemas["MapNode"], "id" | "type" | "count">;
export type MapEdge = Known<Schemas["MapEdge"], "to" | "rate" | "count">;
export type ActorMap = Known<Omit<Schemas["MapOfTraffic"], "nodes" | "edges">, "group"> & {
  nodes: MapNode[];
  edges: MapEdge[];
};
export type MapGroup = "type" | "actor";
/** Its severity is a word that may grow. */
export type Lint = Known<Omit<Schemas["Lint"], "severity">, "code" | "sentence"> & { severity: string };
export type JournalLine = Omit<Schemas["JournalLine"], "data"> & { data?: Record<string, unknown> | null };
/** One order in the list of who ordered what. */
export type OrderLine = Schemas["OrderLine"];
/** What an order came to; `pending` when the actor has not answered in time. */
export type OrderResult = Schemas["OrderResult"];
