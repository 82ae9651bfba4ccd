/** The tree of addresses. Pages load when first visited; what a page shows is in its address, so it can be sent on. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";
import { BASE } from "../api/base";
import { getWorkspace, readWorkspace } from "../api/workspace";
import { type ActorTab, TABS } from "../features/actor/model/tabs";
import { readActorsSearch } from "../features/actors/model/search";
import { readMapSearch } from "../features/map/model/search";
import { readRunsSearch } from "../features/runs/model/search";
import { readTrendsSearch } from "../features/trends/model/search";
import { readWarningsSearch } from "../features/warnings/model/search";
import { load } from "../lib/load";
import { type Pointed, readPointed } from "../lib/logs/pointed";
import { readWindow, type WindowSeconds } from "../lib/window";
import { LoadingNote } from "../ui/notes";
import { NotFound, PageError } from "./fallbacks";
import { Shell } from "./shell";
import { readAt } from "./time-travel";

const pages = {
  overview: () => load(() => import("./overview")),
  actors: () => load(() => import("../features/actors/actors-page")),
  actor: () => load(() => import("./actor")),
  map: () => load(() => import("../features/map/map-page")),
  types: () => load(() => import("../features/types/types-page")),
  trends: () => load(() => import("../features/trends/trends-page")),
  warnings: () => load(() => import("../features/warnings/warnings-page")),
  workflows: () => load(() => import("../features/workflows/workflows-page")),
  editor: () => load(() => import("../features/editor/editor-page")),
  runs: () => load(() => import("../features/runs/runs-page")),
  run: () => load(() => import("../features/runs/run-page")),
  logs: () => load(() => import("../features/logs/logs-page")),
};

/** Fetches the code of all pages, so that the others open at once, also while the studio is away. */
export function preloadPages(): void {
  for (const page of Object.values(pages)) {
    // It is tried again, and said, when the page is opened.
    page().catch(() => {});
  }
}

const root = createRootRoute({
  // The moment that is shown, and the workspace, stay where one goes.
  validateSearch: (search): { at?: number | undefined; workspace?: string } => {
    const at = readAt(search.at);
    const workspace = readWorkspace(search.workspace);
    return { ...(at !== undefined && { at }), ...(workspace !== undefined && { workspace }) };
  },
  search: {
    middlewares: [
      ({ search, next }) => {
        const result = next(search);
        const workspace = getWorkspace();
        return {
          ...result,
          ...(!("at" in result) && search.at !== undefined && { at: search.at }),
          ...(workspace !== undefined && { workspace }),
        };
      },
    ],
  },
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageError,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search) => window(search),
  component: lazyRouteComponent(pages.overview, "Overview"),
});

const actors = createRoute({
  getParentRoute: () => root,
  path: "/actors",
  validateSearch: readActorsSearch,
  component: lazyRouteComponent(pages.actors, "ActorsPage"),
});

const actor = createRoute({
  getParentRoute: () => root,
  path: "/actors/$id",
  validateSearch: (search) => ({ ...window(search), ...tab(search), ...text(search, "lines") }),
  component: lazyRouteComponent(pages.actor, "Actor"),
});

const map = createRoute({
  getParentRoute: () => root,
  path: "/map",
  validateSearch: readMapSearch,
  component: lazyRouteComponent(pages.map, "MapPage"),
});

const types = createRoute({
  getParentRoute: () => root,
  path: "/types",
  validateSearch: (search) => window(search),
  component: lazyRouteComponent(pages.types, "TypesPage"),
});

/** Called Metrics; `/metrics` is what Prometheus reads. */
const trends = createRoute({
  getParentRoute: () => root,
  path: "/trends",
  validateSearch: readTrendsSearch,
  component: lazyRouteComponent(pages.trends, "TrendsPage"),
});

const warnings = createRoute({
  getParentRoute: () => root,
  path: "/warnings",
  validateSearch: readWarningsSearch,
  component: lazyRouteComponent(pages.warnings, "WarningsPage"),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  component: lazyRouteComponent(pages.workflows, "WorkflowsPage"),
});

const editor = createRoute({
  getParentRoute: () => root,
  path: "/workflows/edit",
  validateSearch: (search) => ({ ...text(search, "file") }),
  component: lazyRouteComponent(pages.editor, "EditorPage"),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(pages.runs, "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: (search) => ({
    ...text(search, "job"),
    ...number(search, "attempt"),
    ...text(search, "step"),
    ...lines(search),
    ...view(search),
  }),
  component: lazyRouteComponent(pages.run, "RunPage"),
});

const logs = createRoute({
  getParentRoute: () => root,
  path: "/logs",
  validateSearch: (search) => ({
    ...text(search, "run"),
    ...text(search, "job"),
    ...lines(search),
    ...text(search, "q"),
    ...flag(search, "regex"),
    ...flag(search, "sensitive"),
  }),
  component: lazyRouteComponent(pages.logs, "LogsPage"),
});

const tree = root.addChildren([home, actors, actor, map, trends, warnings, types, workflows, editor, runs, run, logs]);

export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    basepath: BASE === "" ? "/" : BASE,
    ...(history && { history }),
    defaultPreload: "intent",
    defaultPendingMs: 200,
    defaultPendingComponent: () => <LoadingNote what="the page" />,
    defaultErrorComponent: PageError,
  });
}

export type AppRouter = ReturnType<typeof createAppRouter>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}

/** One optional word of an address; whatever is no text is as good as absent. */
function text<K extends string>(search: Record<string, unknown>, key: K): { [key in K]?: string } {
  const value = search[key];
  const known = typeof value === "string" || typeof value === "number" ? { [key]: String(value) } : {};
  return known as { [key in K]?: string };
}

/** One optional number of an address, from 1. */
function number<K extends string>(search: Record<string, unknown>, key: K): { [key in K]?: number } {
  const value = Number(search[key]);
  return (Number.isInteger(value) && value > 0 ? { [key]: value } : {}) as { [key in K]?: number };
}

/** One optional mark of an address. */
function flag<K extends string>(search: Record<string, unknown>, key: K): { [key in K]?: true } {
  return (search[key] === true ? { [key]: true } : {}) as { [key in K]?: true };
}

/** The lines of a log. */
function lines(search: Record<string, unknown>): { line?: Pointed } {
  const line = readPointed(search.line);
  return line === undefined ? {} : { line };
}

/** Over which time rates are meant, where it is not the shortest. */
function window(search: Record<string, unknown>): { window?: WindowSeconds } {
  const seconds = readWindow(search.window);
  return seconds === 60 ? {} : { window: seconds };
}

/** What of an actor is shown, where it is not its journal. */
function tab(search: Record<string, unknown>): { tab?: ActorTab } {
  const found = TABS.find((tab) => tab === search.tab);
  return found === undefined || found === "journal" ? {} : { tab: found };
}

/** What of a run is shown in place of its jobs. */
function view({ view }: Record<string, unknown>): { view?: "waterfall" | "annotations" | "summary" } {
  return view === "waterfall" || view === "annotations" || view === "summary" ? { view } : {};
}
