/** What one of several servers of a studio says of itself, where it does not know all there is. */

import { useQuery } from "@tanstack/react-query";
import { serversQuery } from "../api/queries";
import { isShared } from "../api/seen";

export function useTroubleOfServers(): string | undefined {
  const { data } = useQuery({ ...serversQuery, enabled: isShared() });
  const servers = data?.parts.servers;
  return servers?.status === "degraded" ? (servers.message ?? "it does not know what the others know") : undefined;
}
