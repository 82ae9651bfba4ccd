import { useIsSignedIn, useSignOut } from "../lib/use-session";
import { PendingButton } from "../ui/pending-button";

/** Only where there is a session to end. */
export function SignOut() {
  const signedIn = useIsSignedIn();
  const signOut = useSignOut();
  if (!signedIn) return null;
  return (
    <>
      {signOut.error && <span role="alert">Still signed in: {signOut.error.message}</span>}
      <PendingButton size="compact-xs" variant="default" pending={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign out
      </PendingButton>
    </>
  );
}
