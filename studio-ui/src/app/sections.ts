/** The pages that one can go to, in the order of the menu, each with the letter that leads there. */

import { lettersOf } from "../lib/shortcuts";
import { useSections } from "../lib/use-runtime";
import type { IconName } from "../ui/icon";

type Page = {
  id: string;
  to: "/" | "/actors" | "/map" | "/trends" | "/warnings" | "/workflows" | "/runs" | "/logs";
  title: string;
  icon: IconName;
  /** Whether a product brings it: then it is there where `/api/ui` names it. */
  product?: boolean;
};

const PAGES: readonly Page[] = [
  { id: "overview", to: "/", title: "Overview", icon: "overview" },
  { id: "runs", to: "/runs", title: "Runs", icon: "runs", product: true },
  { id: "workflows", to: "/workflows", title: "Workflows", icon: "workflows", product: true },
  { id: "actors", to: "/actors", title: "Actors", icon: "actors" },
  { id: "map", to: "/map", title: "Map", icon: "map" },
  { id: "trends", to: "/trends", title: "Metrics", icon: "trends" },
  { id: "warnings", to: "/warnings", title: "Warnings", icon: "bell" },
  { id: "logs", to: "/logs", title: "Logs", icon: "logs", product: true },
];

export type Section = {
  id: string;
  title: string;
  icon: IconName;
  /** Follows `g`; undefined where others have all of its letters. */
  letter: string | undefined;
  /** A page of ours, or the address of one that a product offers by itself. */
  place: { to: Page["to"] } | { href: string };
};

export function useMenu(): Section[] {
  const told = useSections().data ?? [];
  const own = PAGES.filter(({ id, product }) => !product || told.some((section) => section.id === id));
  const foreign = told.filter(({ id, path }) => !PAGES.some((page) => page.id === id) && /^\/(?!\/)/.test(path));
  const sections = [
    ...own.map(({ id, title, icon, to }) => ({ id, title, icon, place: { to } })),
    ...foreign.map(({ id, title, path }) => ({ id, title, icon: "link" as const, place: { href: path } })),
  ];
  const letters = lettersOf(sections.map(({ title }) => title));
  return sections.map((section, index) => ({ ...section, letter: letters[index] }));
}
