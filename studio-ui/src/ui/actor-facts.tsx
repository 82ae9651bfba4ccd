import type { ReactNode } from "react";
import { BigCount, printJson } from "../api/json";
import type { ActorRecord } from "../api/types";
import { formatCount, formatDuration, formatMillis, UNKNOWN } from "../lib/format";
import { visible } from "../lib/visible";
import styles from "./actor-facts.module.css";
import { type Fact, Facts } from "./facts";
import { Heartbeat } from "./heartbeat";
import { Name } from "./name";
import { StateWord } from "./state-word";

type ActorFactsProps = { actor: ActorRecord; link: (id: string) => ReactNode };

/** What an actor's record says of it. */
export function ActorFacts({ actor, link }: ActorFactsProps) {
  // What nobody told of it is left out: a column of dashes says nothing.
  return <Facts facts={facts(actor, link).filter(({ value }) => value !== UNKNOWN)} />;
}

/** Whatever else its owner wants shown. */
export function Metadata({ metadata }: { metadata: ActorRecord["metadata"] }) {
  const entries = Object.entries(metadata ?? {});
  if (entries.length === 0) return <p className="dim">None reported.</p>;
  return <Facts facts={entries.map(([name, value]) => ({ name: visible(name), value: <Value value={value} /> }))} />;
}

function Value({ value }: { value: unknown }) {
  if (typeof value === "string") return <Name of={value} />;
  if (typeof value !== "object" || value === null || value instanceof BigCount)
    return <span className="mono">{String(value)}</span>;
  return <pre className={styles.json}>{pretty(value)}</pre>;
}

/** Line by line, so that the ends of lines stay. */
function pretty(value: unknown): string {
  return printJson(value, 2).split("\n").map(visible).join("\n");
}

function facts(actor: ActorRecord, link: (id: string) => ReactNode): Fact[] {
  const { rates, latency } = actor;
  return [
    { name: "Status", value: <StateWord state={actor.status} /> },
    { name: "Type", value: <Name of={actor.type} /> },
    { name: "Parent", value: actor.parentId === undefined ? UNKNOWN : link(actor.parentId) },
    { name: "Messages", value: formatCount(actor.messageCount) },
    { name: "Queue", value: formatCount(actor.queueDepth) },
    { name: "Heartbeat", value: <Heartbeat actor={actor} /> },
    { name: "Uptime", value: formatDuration(actor.uptime) },
    { name: "Errors", value: formatCount(actor.errorCount) },
    { name: "Restarts", value: formatCount(actor.restartCount) },
    { name: "Messages / s", value: rates?.messages?.toFixed(1) ?? UNKNOWN },
    { name: "Errors / s", value: rates?.errors?.toFixed(1) ?? UNKNOWN },
    { name: "Handling", value: formatMillis(latency?.handleMs) },
    { name: "Waiting", value: formatMillis(latency?.waitMs) },
    { name: "Worker", value: actor.workerId === undefined ? UNKNOWN : <Name of={actor.workerId} mono /> },
    { name: "Node", value: actor.node === undefined ? UNKNOWN : <Name of={actor.node} mono /> },
  ];
}
