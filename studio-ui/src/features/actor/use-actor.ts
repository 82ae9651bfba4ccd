import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { OrderResult } from "../../api/inside";
import { actorQuery, giveOrder } from "../../api/inside-queries";
import type { ActorRecord } from "../../api/types";

export type OneActor = {
  /** `null` when the studio does not know it. */
  actor: ActorRecord | null | undefined;
  error: Error | null;
  retry: () => void;
};

/** One actor, read again every two seconds. */
export function useActor(id: string): OneActor {
  const query = useQuery(actorQuery(id));
  return { actor: query.data, error: query.data === undefined ? query.error : null, retry: () => void query.refetch() };
}

export type Snapshot = { at: string; value: unknown };

/** The newest last. */
const MOST_SNAPSHOTS = 20;
const NONE: readonly Snapshot[] = [];

/** The states of an actor that were asked for from here, as long as the page is open. */
export function useSnapshots(id: string) {
  const client = useQueryClient();
  const key = ["snapshots", id];
  const { data = NONE } = useQuery<readonly Snapshot[]>({
    queryKey: key,
    queryFn: () => NONE,
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  const take = async (now: string): Promise<OrderResult> => {
    const result = await giveOrder(id, "snapshot");
    if (result.outcome === "done") {
      const snapshot = { at: now, value: result.value };
      client.setQueryData<readonly Snapshot[]>(key, (known = NONE) => [...known, snapshot].slice(-MOST_SNAPSHOTS));
    }
    return result;
  };
  return { snapshots: data, take };
}
