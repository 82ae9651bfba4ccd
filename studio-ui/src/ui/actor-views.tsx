import { Link } from "@tanstack/react-router";
import styles from "./views.module.css";

/** The ways to look at all actors. */
export function ActorViews() {
  return (
    <nav aria-label="Views of actors" className={styles.views}>
      <Link to="/actors" activeOptions={{ exact: true, includeSearch: false }} className={styles.view}>
        List
      </Link>
      <Link to="/types" activeOptions={{ includeSearch: false }} className={styles.view}>
        By type
      </Link>
    </nav>
  );
}
