import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo, type ReactNode } from "react";
import { childrenQuery } from "../../../api/inside-queries";
import type { ActorRecord } from "../../../api/types";
import type { Facets } from "../../../lib/facets";
import { condition } from "../../../lib/filter/condition";
import type { InvalidFilter } from "../../../lib/filter/read";
import { formatCount, plural } from "../../../lib/format";
import { SHORTEST, type WindowSeconds } from "../../../lib/window";
import { ActorViews } from "../../../ui/actor-views";
import { Name } from "../../../ui/name";
import { Page, Panel } from "../../../ui/page";
import { WindowSelect } from "../../../ui/window-select";
import styles from "../actors-page.module.css";
import type { ActorsSearch } from "../model/search";
import { useActor } from "../use-actors";
import { ActorFilter } from "./actor-filter";
import { ActorPanel } from "./actor-panel";

const MOST_CHILDREN = 20;

/** What changes of the address; what is undefined is taken away. */
export type Change = { [K in keyof ActorsSearch]?: ActorsSearch[K] | undefined };

type ActorsFrameProps = {
  title: string;
  search: ActorsSearch;
  facets: Facets;
  /** What is wrong with the filter. */
  mistake: InvalidFilter | undefined;
  /** How many actors the filter finds, once that is known. */
  total: number | undefined;
  /** Actors that are in sight anyway. */
  listed: readonly ActorRecord[];
  onChange: (change: Change) => void;
  children: ReactNode;
};

/** What all ways to look at actors have around them: the filter above, and the panel of an actor beside. */
export function ActorsFrame(props: ActorsFrameProps) {
  const { title, search, facets, mistake, total, listed, onChange, children } = props;
  const { actor, filter } = search;
  return (
    <Page
      title={title}
      aside={
        total !== undefined && (
          <span className="dim">
            {filter === undefined || mistake ? plural(total, "actor") : `${formatCount(total)} that match`}
          </span>
        )
      }
      actions={<Ways window={search.window ?? SHORTEST} onChange={onChange} />}
      fill
    >
      <div className={styles.split}>
        <Panel
          label="List of actors"
          className={styles.list}
          covered={actor !== undefined}
          head={<ActorFilter search={search} facets={facets} mistake={mistake} onChange={onChange} />}
        >
          {children}
        </Panel>
        {actor !== undefined && <OpenPanel id={actor} listed={listed} onClose={() => onChange({ actor: undefined })} />}
      </div>
    </Page>
  );
}

type WaysProps = { window: WindowSeconds; onChange: (change: Change) => void };

/** In which way actors are looked at. */
const Ways = memo(function Ways({ window, onChange }: WaysProps) {
  return (
    <>
      <WindowSelect
        value={window}
        onChange={(window) => onChange({ window: window === SHORTEST ? undefined : window })}
      />
      <ActorViews />
    </>
  );
});

type OpenPanelProps = { id: string; listed: readonly ActorRecord[]; onClose: () => void };

function OpenPanel({ id, listed, onClose }: OpenPanelProps) {
  const actor = useActor(id, listed);
  const children = useQuery(childrenQuery(id, condition("parent", id))).data;
  const ids = (children?.items ?? []).slice(0, MOST_CHILDREN).map((child) => child.id);
  return (
    <ActorPanel
      id={id}
      actor={actor ?? undefined}
      loaded={actor !== undefined}
      family={{ count: children?.total ?? 0, ids }}
      link={(to) => (
        <Link from="/actors" search={(before) => ({ ...before, actor: to })}>
          <Name of={to} mono />
        </Link>
      )}
      onClose={onClose}
    />
  );
}
