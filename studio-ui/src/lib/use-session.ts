/** Who we are to the studio, as every page may ask. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys, sessionQuery, signIn, signOut } from "../api/queries";
import type { Session } from "../api/types";
import { type Ask, barredFrom } from "./roles";

/** `pending` until the studio has said; where it cannot be asked, the page opens and says that itself. */
export type Access = { state: "pending" | "open" } | { state: "closed"; ended: boolean };

export function useAccess(): Access {
  const { data, errorUpdateCount } = useQuery(sessionQuery);
  // A page that was opened stays open while the question is put again.
  if (data === undefined) return { state: errorUpdateCount === 0 ? "pending" : "open" };
  return data.required && !data.signedIn ? { state: "closed", ended: data.ended === true } : { state: "open" };
}

/** Whether there is a session that can be ended here. */
export function useIsSignedIn(): boolean {
  const { data } = useQuery(sessionQuery);
  return data?.required === true && data.signedIn;
}

/** Why we are not offered something that has to be asked for; nothing where we are. */
export function useBarred(ask?: Ask): string | undefined {
  const { data } = useQuery(sessionQuery);
  return barredFrom(data?.role ?? undefined, ask);
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: signIn,
    // As whom, and what that one may see, stands in no answer to signing in.
    onSuccess: () => client.refetchQueries({ queryKey: keys.session, exact: true }),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: signOut,
    onSuccess: () => void client.setQueryData<Session>(keys.session, { required: true, signedIn: false }),
  });
}
