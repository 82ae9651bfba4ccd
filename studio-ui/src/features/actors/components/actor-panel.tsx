import { ActionIcon, Button } from "@mantine/core";
import { useClipboard, useHotkeys } from "@mantine/hooks";
import { type ReactNode, useEffect, useRef } from "react";
import type { ActorRecord } from "../../../api/types";
import { formatCount, formatDuration, plural, UNKNOWN } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { type Fact, Facts } from "../../../ui/facts";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { EmptyNote, LoadingNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { StateWord } from "../../../ui/state-word";
import styles from "./actor-panel.module.css";
import { Heartbeat } from "./heartbeat";

type ActorPanelProps = {
  id: string;
  /** Undefined when the studio does not know the actor, or not any more. */
  actor: ActorRecord | undefined;
  /** Whether the studio has been asked at all. */
  loaded: boolean;
  family: { count: number; ids: string[] };
  link: (id: string) => ReactNode;
  onClose: () => void;
};

/** As in the style sheet. */
const COVERS = "(max-width: 900px)";

/** Everything the studio knows of one actor. Escape closes it. */
export function ActorPanel({ id, actor, loaded, family, link, onClose }: ActorPanelProps) {
  const clipboard = useClipboard();
  const fields = useRef<HTMLElement>(null);
  // Where the panel covers the list, whoever works by keyboard goes on in the panel.
  useEffect(() => {
    if (id !== "" && window.matchMedia(COVERS).matches) fields.current?.focus();
  }, [id]);
  useHotkeys([["Escape", onClose]]);
  const head = (
    <>
      <h2 className={styles.name}>
        <Name of={id} mono />
      </h2>
      <ActionIcon variant="subtle" color="gray" aria-label="Close the panel" onClick={onClose}>
        <Icon name="close" />
      </ActionIcon>
    </>
  );
  return (
    <Panel label={`Actor ${visible(id)}`} head={head} className={styles.panel}>
      <section className={styles.body} tabIndex={0} aria-label="Fields" ref={fields}>
        {actor === undefined && !loaded ? (
          <LoadingNote what="the actor" />
        ) : actor === undefined ? (
          <EmptyNote title="The studio does not know this actor.">
            <p className="dim">It has ended, or it has not reported yet.</p>
          </EmptyNote>
        ) : (
          <>
            <Facts facts={facts(actor, link)} />
            {family.count > 0 && (
              <>
                <h3>{plural(family.count, "child", "children")}</h3>
                <ul className={styles.children}>
                  {family.ids.map((child) => (
                    <li key={child}>{link(child)}</li>
                  ))}
                  {family.count > family.ids.length && (
                    <li className="dim">and {formatCount(family.count - family.ids.length)} more</li>
                  )}
                </ul>
              </>
            )}
            <h3>Metadata</h3>
            <Metadata metadata={actor.metadata} />
            <Button variant="default" onClick={() => clipboard.copy(JSON.stringify(actor, null, 2))}>
              {clipboard.copied ? "Copied" : "Copy as JSON"}
            </Button>
          </>
        )}
      </section>
    </Panel>
  );
}

function Metadata({ metadata }: { metadata: ActorRecord["metadata"] }) {
  const entries = Object.entries(metadata ?? {});
  if (entries.length === 0) return <p className="dim">None reported.</p>;
  return <Facts facts={entries.map(([name, value]) => ({ name: visible(name), value: <Value value={value} /> }))} />;
}

function Value({ value }: { value: unknown }) {
  if (typeof value === "string") return <Name of={value} />;
  if (typeof value !== "object" || value === null) return <span className="mono">{String(value)}</span>;
  return <pre className={styles.json}>{pretty(value)}</pre>;
}

/** Line by line, so that the ends of lines stay. */
function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2).split("\n").map(visible).join("\n");
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
    { name: "Handling", value: millis(latency?.handleMs) },
    { name: "Waiting", value: millis(latency?.waitMs) },
    { name: "Worker", value: <Name of={actor.workerId ?? UNKNOWN} mono /> },
    { name: "Node", value: <Name of={actor.node ?? UNKNOWN} mono /> },
  ];
}

function millis(value: number | undefined): string {
  return value === undefined ? UNKNOWN : `${value.toPrecision(3)} ms`;
}
