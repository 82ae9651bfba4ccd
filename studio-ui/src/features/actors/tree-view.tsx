import { Button } from "@mantine/core";
import { useMemo } from "react";
import { formatCount } from "../../lib/format";
import { useFacets } from "../../lib/use-filter";
import { SHORTEST } from "../../lib/window";
import { NoActors } from "../../ui/no-actors";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { ActorTree } from "./components/actor-tree";
import styles from "./components/actor-tree.module.css";
import { ActorsFrame, type Change } from "./components/actors-frame";
import { NoMatch } from "./components/no-match";
import type { ActorsSearch } from "./model/search";
import { useWanted } from "./use-actors";
import { type Tree, useTree } from "./use-tree";

type TreeViewProps = { search: ActorsSearch; onChange: (change: Change) => void };

/** All actors by who started them. */
export function TreeView({ search, onChange }: TreeViewProps) {
  const { wanted, mistake } = useWanted(search);
  const facets = useFacets();
  const tree = useTree(wanted, (search.filter ?? "") !== "", {
    folds: { unfold: search.unfold, except: search.except },
    onFold: onChange,
  });
  const listed = useMemo(() => [...tree.rows.values()].map(({ actor }) => actor), [tree.rows]);
  const isEmpty = facets.all !== undefined && facets.all <= facets.plumbing;
  return (
    <ActorsFrame
      title="Actors as a tree"
      search={search}
      facets={facets}
      mistake={mistake}
      total={tree.loaded ? tree.found : undefined}
      listed={listed}
      onChange={onChange}
    >
      {tree.error && !tree.loaded ? (
        <ErrorNote title="The tree could not be read." error={tree.error} onRetry={tree.retry} />
      ) : !tree.loaded ? (
        <LoadingNote what="the tree" />
      ) : tree.total > 0 ? (
        <Body tree={tree} search={search} onChange={onChange} />
      ) : search.filter === undefined && isEmpty ? (
        <NoActors />
      ) : (
        <NoMatch onClear={() => onChange({ filter: undefined })} />
      )}
    </ActorsFrame>
  );
}

function Body({ tree, search, onChange }: TreeViewProps & { tree: Tree }) {
  const { error, retry, found, taken, foldAll } = tree;
  return (
    <>
      {error && <ErrorNote title="The tree may be out of date." error={error} onRetry={retry} />}
      {taken < found && (
        <TooMuchNote>
          The tree is made of the first {formatCount(taken)} of {formatCount(found)} actors. Filter to see the others.
        </TooMuchNote>
      )}
      <div className={styles.tools}>
        <div className={styles.heads}>
          <Button size="compact-sm" variant="default" onClick={() => foldAll("all")}>
            Open all
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => foldAll("roots")}>
            Close all
          </Button>
          <span className={styles.type} aria-hidden>
            Type
          </span>
          <span className={styles.rate} aria-hidden>
            Rate
          </span>
          <span className={styles.queue} aria-hidden>
            Queue
          </span>
        </div>
      </div>
      <ActorTree
        tree={tree}
        seconds={search.window ?? SHORTEST}
        selected={search.actor}
        onSelect={(actor) => onChange({ actor })}
      />
    </>
  );
}
