/** Whether an actor fits a filter. */

import { BigCount } from "../../api/json";
import type { ActorRecord } from "../../api/types";
import type { Filter, Term } from "./filter";
import { FIELDS, type Field, type Measure, type Nature } from "./keys";
import { allows } from "./number";
import { is, isIn, type Pattern } from "./pattern";

/** Levels of metadata that are looked through. */
const DEPTH = 4;

export function matches(filter: Filter, actor: ActorRecord): boolean {
  return filter.every((term) => holds(term, actor));
}

function holds({ negated, condition }: Term, actor: ActorRecord): boolean {
  switch (condition.of) {
    case "text":
      return has(actor, condition.pattern) !== negated;
    case "field":
      return condition.patterns.some((pattern) => is(pattern, text(actor, condition.field))) !== negated;
    case "measure": {
      const number = measured(actor, condition.measure);
      return (number !== undefined && condition.limits.some((limit) => allows(limit, number))) !== negated;
    }
    case "is":
      return condition.natures.some((nature) => isOf(actor, nature)) !== negated;
  }
}

function has(actor: ActorRecord, pattern: Pattern): boolean {
  if (FIELDS.some((field) => isIn(pattern, text(actor, field)))) return true;
  return Object.values(actor.metadata ?? {}).some((value) => isTold(value, pattern, DEPTH));
}

/** Fractions are told differently by every language, so they are not searched. */
function isTold(value: unknown, pattern: Pattern, depth: number): boolean {
  if (typeof value === "string") return isIn(pattern, value);
  if (typeof value === "boolean" || Number.isInteger(value) || value instanceof BigCount)
    return isIn(pattern, String(value));
  if (depth <= 1 || typeof value !== "object" || value === null) return false;
  return Object.values(value).some((inner) => isTold(inner, pattern, depth - 1));
}

export function text(actor: ActorRecord, field: Field): string | undefined {
  switch (field) {
    case "id":
      return actor.id;
    case "type":
      return actor.type;
    case "state":
      return actor.status ?? undefined;
    case "worker":
      return actor.workerId ?? undefined;
    case "node":
      return actor.node ?? undefined;
    case "parent":
      return actor.parentId ?? undefined;
  }
}

function measured(actor: ActorRecord, measure: Measure): number | undefined {
  switch (measure) {
    case "messages":
      return actor.messageCount ?? undefined;
    case "rate":
      return actor.rates?.messages ?? undefined;
    case "queue":
      return actor.queueDepth ?? undefined;
    case "errors":
      return actor.errorCount ?? undefined;
    case "restarts":
      return actor.restartCount ?? undefined;
    case "wait":
      return actor.latency?.waitMs ?? undefined;
    case "handle":
      return actor.latency?.handleMs ?? undefined;
    case "uptime":
      return actor.uptime ?? undefined;
  }
}

function isOf(actor: ActorRecord, nature: Nature): boolean {
  switch (nature) {
    case "system":
      return actor.system === true;
    case "stale":
      return actor.status === "stale";
    case "ended":
      return actor.status === "stopped" || actor.status === "failed";
  }
}
