import { Link } from "@tanstack/react-router";
import { useSections } from "../lib/use-runtime";
import { Icon, type IconName } from "../ui/icon";
import styles from "./nav.module.css";

type Entry = { to: "/actors" | "/workflows" | "/runs" | "/logs"; title: string; icon: IconName };

const STUDIO: readonly Entry[] = [{ to: "/actors", title: "Actors", icon: "actors" }];
const WORKFLOWS: readonly Entry[] = [
  { to: "/workflows", title: "Workflows", icon: "workflows" },
  { to: "/runs", title: "Runs", icon: "runs" },
  { to: "/logs", title: "Logs", icon: "logs" },
];
/** Sections of products whose pages are part of this page. */
const KNOWN = ["actors", "workflows", "runs", "logs"];

export function Nav() {
  const sections = useSections().data ?? [];
  const entries = sections.some((section) => section.id === "workflows") ? [...STUDIO, ...WORKFLOWS] : STUDIO;
  const foreign = sections.filter((section) => !KNOWN.includes(section.id) && /^\/(?!\/)/.test(section.path));
  return (
    <nav aria-label="Pages" className={styles.nav}>
      <Link to="/actors" className={styles.brand}>
        <img src="/favicon.svg" alt="" width={20} height={20} />
        Loom
      </Link>
      {entries.map((entry) => (
        <Link key={entry.to} to={entry.to} className={styles.entry} activeProps={{ "data-here": true }}>
          <Icon name={entry.icon} />
          {entry.title}
        </Link>
      ))}
      {foreign.map((section) => (
        <a key={section.id} href={section.path} className={styles.entry}>
          <Icon name="link" />
          <span className="cut">{section.title}</span>
        </a>
      ))}
    </nav>
  );
}
