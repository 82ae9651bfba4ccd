import { Link, useLocation } from "@tanstack/react-router";
import styles from "./views.module.css";

/** What of an address holds for the list and for the tree. */
const SHARED = ["filter", "plumbing", "window"] as const;

/** The ways to look at all actors. */
export function ActorViews() {
  const { pathname, search } = useLocation({ select: ({ pathname, search }) => ({ pathname, search }) });
  const here = pathname !== "/actors" ? "types" : "view" in search && search.view === "tree" ? "tree" : "list";
  const kept = Object.fromEntries(
    here === "types" ? [] : Object.entries(search).filter(([key]) => (SHARED as readonly string[]).includes(key)),
  );
  return (
    <nav aria-label="Views of actors" className={styles.views}>
      <Link to="/actors" search={kept} className={styles.view} activeOptions={activeIf(here === "list")}>
        List
      </Link>
      <Link
        to="/actors"
        search={{ ...kept, view: "tree" }}
        className={styles.view}
        activeOptions={activeIf(here === "tree")}
      >
        Tree
      </Link>
      <Link to="/types" activeOptions={{ includeSearch: false }} className={styles.view}>
        By type
      </Link>
    </nav>
  );
}

/** The list and the tree have one path: of the one that is not here, the search is another in any case. */
function activeIf(here: boolean) {
  return { exact: true, includeSearch: !here };
}
