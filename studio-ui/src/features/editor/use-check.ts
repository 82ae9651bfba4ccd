import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { checkQuery } from "../../api/queries";
import type { Checked, Finding } from "../../api/types";

/** How long nobody may type before the text is checked. */
const PAUSE_MS = 200;

export type Check = {
  /** What was found, in `text`; nothing before the first answer, or while it cannot be checked. */
  found: { text: string; valid: boolean; findings: readonly Finding[]; omitted: number } | undefined;
  /** The jobs of the last text that had any. */
  graph: Checked["graph"];
  /** Whether the graph is not that of what was found last. */
  stale: boolean;
  error: Error | null;
  again: () => void;
};

/** What is wrong in a text while somebody writes it. The answers before it stay until the next is there. */
export function useCheck(file: string, text: string): Check {
  const [settled] = useDebouncedValue(text, PAUSE_MS);
  const { data, error, refetch } = useQuery({ ...checkQuery(file, settled), placeholderData: keepPreviousData });
  const [graph, setGraph] = useState<Checked["graph"]>(undefined);
  if (data?.graph !== undefined && data.graph !== graph) setGraph(data.graph);
  return {
    found: data && { text: data.text, valid: data.valid, findings: data.diagnostics, omitted: data.omitted ?? 0 },
    graph,
    stale: data?.graph === undefined,
    error,
    again: () => void refetch(),
  };
}
