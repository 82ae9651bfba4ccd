/** The workspaces that we may see, as every page may ask. */

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { sessionQuery } from "../api/queries";
import { getWorkspace, setWorkspace } from "../api/workspace";

const MAIN_ALONE: readonly string[] = ["main"];

/** Their names; a studio that says none has `main` alone. */
export function useWorkspaces(): readonly string[] {
  const { data } = useQuery(sessionQuery);
  return data?.workspaces ?? MAIN_ALONE;
}

/** The workspace of the address, where we may see none of that name. */
export function useUnknownWorkspace(): string | undefined {
  const { data } = useQuery(sessionQuery);
  const seen = useWorkspaces();
  const named = getWorkspace();
  // Where the studio could not be asked, the page opens and says that itself.
  return data === undefined || named === undefined || seen.includes(named) ? undefined : named;
}

/** The one that is shown, where there are others than `main`. From then on all that is asked names it. */
export function useWorkspaceName(): string | undefined {
  const { data } = useQuery(sessionQuery);
  const name = data?.workspace ?? undefined;
  useEffect(() => {
    if (name !== undefined && getWorkspace() === undefined) setWorkspace(name);
  }, [name]);
  return name;
}
