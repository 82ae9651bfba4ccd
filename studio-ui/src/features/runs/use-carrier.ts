import { useQuery } from "@tanstack/react-query";
import { carriersQuery } from "../../api/queries";
import type { ActorRecord } from "../../api/types";
import { carrierOf } from "./model/carrier";

/** The actor of a run, or of a job of it, while the studio knows it: runs of other processes, and those that are over, have none. */
export function useCarrier(run: string, job?: string): ActorRecord | undefined {
  const { data } = useQuery(carriersQuery(run, job));
  return carrierOf(data?.items ?? [], run, job);
}
