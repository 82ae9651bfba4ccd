import { ActionIcon, Button } from "@mantine/core";
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { load } from "../lib/load";
import { useIsConnected } from "../lib/use-live";
import { useMoment } from "../lib/use-moment";
import { useSections } from "../lib/use-runtime";
import { Icon } from "../ui/icon";
import { EmptyNote } from "../ui/notes";
import { Panel } from "../ui/page";
import { ConnectionBadge } from "./connection-badge";
import { MetricsStrip } from "./metrics-strip";
import { Nav } from "./nav";
import { OfflineBanner } from "./offline-banner";
import { useMenu } from "./sections";
import styles from "./shell.module.css";
import { COMMAND } from "./shortcuts/command";
import { useShortcuts } from "./shortcuts/use-shortcuts";
import { SignOut } from "./sign-out";
import { ThemeSwitch } from "./theme-switch";
import { TimeBar } from "./time-bar";
import { useScrollPlaces } from "./use-scroll-places";
import { WorkspaceSwitch } from "./workspace-switch";

const Palette = lazy(() => load(() => import("./palette/palette")).then(({ Palette }) => ({ default: Palette })));
const ShortcutsDialog = lazy(() =>
  load(() => import("./shortcuts/shortcuts-dialog")).then((module) => ({ default: module.ShortcutsDialog })),
);

/** What stands around every page: where one can go, how the system does, and whether what is shown is live. */
export function Shell() {
  const connected = useIsConnected();
  const { problem } = useMoment();
  const menu = useMenu();
  const [over, setOver] = useState<"search" | "help" | undefined>(undefined);
  const [search, help, close] = [() => setOver("search"), () => setOver("help"), () => setOver(undefined)];
  useScrollPlaces();
  useShortcuts({ menu, onSearch: search, onHelp: help });
  const isComplete = useIsMenuComplete();
  if (!isComplete) return null;
  return (
    <div className={styles.shell} data-connected={connected}>
      <a href="#main" className={styles.skip}>
        Skip to the page
      </a>
      <aside aria-label="Menu" className={styles.side}>
        <Nav />
        <div className={styles.foot}>
          <ThemeSwitch />
          <ActionIcon variant="subtle" color="gray" aria-label="Shortcuts (?)" title="Shortcuts (?)" onClick={help}>
            ?
          </ActionIcon>
        </div>
      </aside>
      <header className={styles.top}>
        <MetricsStrip />
        <div className={styles.line}>
          <WorkspaceSwitch />
          <Button size="compact-xs" variant="default" aria-keyshortcuts="Control+K Meta+K" onClick={search}>
            <Icon name="search" size={14} />
            <span className="visually-hidden">Search </span>
            <kbd className={styles.keys}>{COMMAND} K</kbd>
          </Button>
          <ConnectionBadge />
          <SignOut />
        </div>
      </header>
      <div className={styles.notes}>
        <OfflineBanner />
        <TimeBar />
      </div>
      <main id="main" className={styles.main} tabIndex={-1}>
        {/* What was shown before is of another moment. */}
        {problem === undefined ? <Outlet /> : <Unseen problem={problem} />}
      </main>
      <Suspense>
        {over === "search" && <Palette menu={menu} onClose={close} />}
        {over === "help" && <ShortcutsDialog menu={menu} onClose={close} />}
      </Suspense>
    </div>
  );
}

/** How long the page waits for the rest of its menu, in milliseconds. */
const MENU_PATIENCE = 300;

/** Whether the menu is all that it will be: what comes into it later would move the page below it. Not waited for when it takes long. */
function useIsMenuComplete(): boolean {
  const { isPending } = useSections();
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), MENU_PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  return !isPending || isLate;
}

function Unseen({ problem }: { problem: Error }) {
  return (
    <Panel label="The moment">
      <EmptyNote title="This moment can't be seen.">
        <p className="dim">{problem.message}</p>
      </EmptyNote>
    </Panel>
  );
}
