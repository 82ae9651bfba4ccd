import { Outlet } from "@tanstack/react-router";
import { useIsConnected } from "../lib/use-live";
import { ConnectionBadge } from "./connection-badge";
import { MetricsStrip } from "./metrics-strip";
import { Nav } from "./nav";
import { OfflineBanner } from "./offline-banner";
import styles from "./shell.module.css";
import { SignOut } from "./sign-out";
import { ThemeSwitch } from "./theme-switch";

/** What stands around every page: where one can go, how the system does, and whether what is shown is live. */
export function Shell() {
  const connected = useIsConnected();
  return (
    <div className={styles.shell} data-connected={connected}>
      <a href="#main" className={styles.skip}>
        Skip to the page
      </a>
      <aside aria-label="Menu" className={styles.side}>
        <Nav />
        <ThemeSwitch />
      </aside>
      <header className={styles.top}>
        <MetricsStrip />
        <div className={styles.line}>
          <ConnectionBadge />
          <SignOut />
        </div>
      </header>
      <OfflineBanner />
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}
