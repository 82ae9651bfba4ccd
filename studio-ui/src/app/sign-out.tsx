import { Button } from "@mantine/core";
import { useIsSignedIn, useSignOut } from "../lib/use-session";

/** Only where there is a session to end. */
export function SignOut() {
  const signedIn = useIsSignedIn();
  const signOut = useSignOut();
  if (!signedIn) return null;
  return (
    <>
      {signOut.error && <span role="alert">Still signed in: {signOut.error.message}</span>}
      <Button size="compact-xs" variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign out
      </Button>
    </>
  );
}
