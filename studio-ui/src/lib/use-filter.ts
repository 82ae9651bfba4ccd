/** What a field with a filter needs: what there is to choose among, and the last filter that was one. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { metricsQuery } from "../api/queries";
import { type Facets, facetsOf } from "./facets";
import type { Filter } from "./filter/filter";
import { type InvalidFilter, readFilter } from "./filter/read";

/** What there is to choose among. */
export function useFacets(): Facets {
  const { data } = useQuery(metricsQuery);
  return useMemo(() => facetsOf(data), [data]);
}

/** The filter as it is typed, or while that is none, the last one that was. */
export function useLastFilter(typed: string): { valid: Filter; mistake: InvalidFilter | undefined } {
  const [last, setLast] = useState<Filter>([]);
  const { filter, error } = useMemo(() => readFilter(typed), [typed]);
  if (filter !== undefined && filter !== last) setLast(filter);
  return { valid: filter ?? last, mistake: error };
}
