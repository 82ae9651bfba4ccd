/** Which products this studio carries. Pages of a product that is not there are not offered. */

import { useQuery } from "@tanstack/react-query";
import { sectionsQuery } from "../api/queries";

export function useSections() {
  return useQuery(sectionsQuery);
}

/** Whether workflows can be run here. */
export function useHasWorkflows(): boolean {
  return useSections().data?.some((section) => section.id === "workflows") ?? false;
}
