import { Link, useLocation } from "@tanstack/react-router";
import styles from "./views.module.css";

/** What of an address holds for the list and for the tree. */
const SHARED = ["filter", "plumbing", "window"] as const;

/** The list and the tree have one path. */
const BY_PATH = { exact: true, includeSearch: false };

/** The ways to look at all actors. */
export function ActorViews() {
  const { pathname, search } = useLocation({ select: ({ pathname, search }) => ({ pathname, search }) });
  const isTree = pathname === "/actors" && "view" in search && search.view === "tree";
  const here = isTree ? "tree" : pathname === "/actors" ? "list" : "types";
  const kept = Object.fromEntries(
    here === "types" ? [] : Object.entries(search).filter(([key]) => (SHARED as readonly string[]).includes(key)),
  );
  const at = (view: string) => (here === view ? { "aria-current": "page" as const } : { "aria-current": undefined });
  return (
    <nav aria-label="Views of actors" className={styles.views}>
      <Link to="/actors" search={kept} className={styles.view} activeOptions={BY_PATH} activeProps={at("list")}>
        List
      </Link>
      <Link
        to="/actors"
        search={{ ...kept, view: "tree" }}
        className={styles.view}
        activeOptions={BY_PATH}
        activeProps={at("tree")}
      >
        Tree
      </Link>
      <Link to="/types" activeOptions={{ includeSearch: false }} className={styles.view}>
        By type
      </Link>
    </nav>
  );
}
