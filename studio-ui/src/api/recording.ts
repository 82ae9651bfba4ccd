/** What is recorded, and what can be made of it. */

import { queryOptions } from "@tanstack/react-query";
import { BASE } from "./base";
import { getJson, pollEvery, postJson } from "./client";
import { fetchActorAt } from "./queries";
import type { components } from "./schema";
import type { ActorRecord } from "./types";
import { inWorkspace } from "./workspace";

export type RecordingState = components["schemas"]["RecordingState"];
export type Saved = components["schemas"]["Saved"];

/** How often it is asked how far the recording reaches. */
const REFRESH_MS = 5000;

export const recordingQuery = queryOptions({
  queryKey: ["recording"],
  queryFn: ({ signal }) => getJson<RecordingState>("/api/recording", signal),
  refetchInterval: pollEvery(REFRESH_MS),
  retry: false,
});

/** Where the recording is downloaded. */
export function recordingFile(): string {
  return inWorkspace(`${BASE}/api/recording/file`);
}

export function saveRecording(): Promise<Saved> {
  return postJson("/api/recording/saved");
}

/** An actor as it was at a moment; `null` where it was not known then. */
export function actorAtQuery(id: string, at: number) {
  return queryOptions({
    queryKey: ["actor at", id, at],
    queryFn: async ({ signal }): Promise<ActorRecord | null> => (await fetchActorAt(id, at, signal)) ?? null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}
