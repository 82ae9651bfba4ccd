import { Link, useLocation } from "@tanstack/react-router";
import { BASE } from "../api/base";
import { useSections } from "../lib/use-runtime";
import { Icon, type IconName } from "../ui/icon";
import styles from "./nav.module.css";

type Entry = {
  id: string;
  to: "/" | "/actors" | "/map" | "/workflows" | "/runs" | "/logs";
  title: string;
  icon: IconName;
  /** Whether a product brings it: then it is there where `/api/ui` names it. */
  product?: boolean;
};

/** The pages that this page has, in the order of the menu. */
const PAGES: readonly Entry[] = [
  { id: "overview", to: "/", title: "Overview", icon: "overview" },
  { id: "runs", to: "/runs", title: "Runs", icon: "runs", product: true },
  { id: "workflows", to: "/workflows", title: "Workflows", icon: "workflows", product: true },
  { id: "actors", to: "/actors", title: "Actors", icon: "actors" },
  { id: "map", to: "/map", title: "Map", icon: "map" },
  { id: "logs", to: "/logs", title: "Logs", icon: "logs", product: true },
];

export function Nav() {
  const sections = useSections().data ?? [];
  const path = useLocation({ select: ({ pathname }) => pathname });
  const entries = PAGES.filter(({ id, product }) => !product || sections.some((section) => section.id === id));
  const foreign = sections.filter(({ id, path }) => !PAGES.some((page) => page.id === id) && /^\/(?!\/)/.test(path));
  return (
    <nav aria-label="Pages" className={styles.nav}>
      <Link to="/" className={styles.brand}>
        <img src={`${BASE}/favicon.svg`} alt="" width={20} height={20} />
        Loom
      </Link>
      {entries.map((entry) => (
        <Link
          key={entry.to}
          to={entry.to}
          className={styles.entry}
          activeOptions={{ exact: entry.to === "/", includeSearch: false }}
          activeProps={{ "data-here": true }}
          {...(entry.id === "actors" && path === "/types" && { "data-here": true })}
        >
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
