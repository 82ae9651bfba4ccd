import { ActionIcon } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { printJson } from "../../../api/json";
import type { ActorRecord } from "../../../api/types";
import { formatCount, plural } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { ActorFacts, Metadata } from "../../../ui/actor-facts";
import { CopyButton } from "../../../ui/copy-button";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { EmptyNote, LoadingNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import styles from "./actor-panel.module.css";

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
      <Link to="/actors/$id" params={{ id }}>
        Open
        <span className="visually-hidden"> the page of {visible(id)}</span>
      </Link>
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
            <ActorFacts actor={actor} link={link} />
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
            <CopyButton words="Copy as JSON" text={() => printJson(actor, 2)} />
          </>
        )}
      </section>
    </Panel>
  );
}
