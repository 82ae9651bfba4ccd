import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Change } from "./components/actors-frame";
import { ListView } from "./list-view";
import type { ActorsSearch } from "./model/search";
import { TreeView } from "./tree-view";

/** All actors, as a list or as a tree, as the address says. */
export function ActorsPage() {
  const search = useSearch({ from: "/actors" });
  const navigate = useNavigate({ from: "/actors" });
  const change = useCallback(
    (next: Change) =>
      void navigate({
        search: (before) => defined({ ...before, ...(isOther(next) && NO_FOLDS), ...next }),
        replace: !("actor" in next),
      }),
    [navigate],
  );
  return search.view === "tree" ? (
    <TreeView search={search} onChange={change} />
  ) : (
    <ListView search={search} onChange={change} />
  );
}

/** Whether it shows other actors, whose tree is folded as at first. */
function isOther(next: Change): boolean {
  return "filter" in next || "plumbing" in next;
}

const NO_FOLDS = { unfold: undefined, except: undefined };

/** Without the keys that a change took away, so that the address stays short. */
function defined(search: Change): ActorsSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ActorsSearch;
}
