/** All that can be gone to by name: pages, actors, and what the products that are here have. */

import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { LinkProps } from "@tanstack/react-router";
import { useMemo } from "react";
import { foundActorsQuery } from "../../api/inside-queries";
import { workflowsQuery } from "../../api/queries";
import { formatMoment, runNumber } from "../../lib/format";
import { runState } from "../../lib/jobs";
import { useRuns } from "../../lib/use-runs";
import { useHasWorkflows } from "../../lib/use-runtime";
import type { Section } from "../sections";
import { type Found, matching } from "./matching";

type Target =
  | { href: string }
  | { to: NonNullable<LinkProps["to"]> }
  | { to: "/actors/$id"; params: { id: string } }
  | { to: "/runs"; search: { workflow: string } }
  | { to: "/runs/$runId"; params: { runId: string } };

export type Place = Found & { go: Target };

/** Actors are looked for by the studio, once somebody pauses. */
const PAUSE_MS = 120;

export function useFound(typed: string, menu: readonly Section[]) {
  const hasWorkflows = useHasWorkflows();
  const [paused] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const actors = useQuery({ ...foundActorsQuery(paused), placeholderData: keepPreviousData });
  const workflows = useQuery({ ...workflowsQuery, enabled: hasWorkflows });
  const { runs } = useRuns(undefined, { enabled: hasWorkflows });
  // Until the studio has answered, those of the text before have to fit by themselves.
  const given = !actors.isPlaceholderData && paused === typed.trim();
  const places = useMemo(() => {
    const all: Place[] = [
      ...menu.map(({ id, title, place }) => ({ key: `page ${id}`, kind: "Pages", title, go: place })),
      { key: "page types", kind: "Pages", title: "Actors by type", go: { to: "/types" } },
      ...(actors.data?.items ?? []).map(({ id, type }): Place => {
        const go = { to: "/actors/$id" as const, params: { id } };
        return { key: `actor ${id}`, kind: "Actors", title: id, hint: type, given, go };
      }),
      ...(workflows.data ?? []).map(({ name, file }): Place => {
        const go = { to: "/runs" as const, search: { workflow: file } };
        return { key: `workflow ${file}`, kind: "Workflows", title: name, hint: file, go };
      }),
      ...runs.map((run): Place => {
        const hint = `${runNumber(run)} · ${runState(run)} · ${formatMoment(run.startedAt ?? run.createdAt)}`;
        const go = { to: "/runs/$runId" as const, params: { runId: run.runId } };
        return { key: `run ${run.runId}`, kind: "Runs", title: run.workflow.name, hint, go };
      }),
    ];
    return matching(all, typed);
  }, [menu, actors.data, given, workflows.data, runs, typed]);
  const pending = actors.isPending || !given;
  return { places, pending, error: actors.error };
}
