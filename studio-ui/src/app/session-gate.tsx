import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { onUnauthorized } from "../api/client";
import { keys } from "../api/queries";
import type { Session } from "../api/types";
import { SignIn } from "../features/session/sign-in";
import { useLive } from "../lib/use-live";
import { useAccess } from "../lib/use-session";
import { useUnknownWorkspace } from "../lib/use-workspaces";
import { LoadingNote } from "../ui/notes";
import styles from "./session-gate.module.css";

/** Lets the page begin once the studio knows us, and asks for the token where it does not. The address stays. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const live = useLive();
  const access = useAccess();
  // A workspace that is not there for us has no socket either.
  const isUnknown = useUnknownWorkspace() !== undefined;
  const open = access.state === "open" && !isUnknown;
  useEffect(() => {
    if (!open) return;
    live.socket.start();
    return () => live.socket.stop();
  }, [live, open]);
  const closed = access.state === "closed";
  useEffect(() => {
    if (!closed) return;
    // Nobody looks any more: what was read in the session is not for whoever comes next.
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
  }, [client, closed]);
  useEffect(
    () =>
      onUnauthorized(() =>
        client.setQueryData<Session>(keys.session, (known) =>
          known?.required && !known.signedIn
            ? known
            : { required: true, signedIn: false, ended: known?.signedIn === true },
        ),
      ),
    [client],
  );
  if (access.state === "closed") return <SignIn ended={access.ended} />;
  if (access.state === "pending") {
    return (
      <div className={styles.late}>
        <LoadingNote what="the studio" />
      </div>
    );
  }
  return children;
}
