import { TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { BASE } from "../../api/base";
import { ApiError } from "../../api/client";
import { formatDuration } from "../../lib/format";
import { useNow } from "../../lib/use-now";
import { useSignIn } from "../../lib/use-session";
import { LoneCard } from "../../ui/lone-card";
import { PendingButton } from "../../ui/pending-button";
import styles from "./sign-in.module.css";

type SignInProps = {
  /** The studio knew us until just now. */
  ended: boolean;
};

/** Asks for the studio's token, and stands in place of every page until it is given. */
export function SignIn({ ended }: SignInProps) {
  const signIn = useSignIn();
  const [token, setToken] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const wait = useWait(signIn.error);
  useEffect(() => {
    document.title = "Sign in · Loom";
    input.current?.focus();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== "" && wait === 0 && !signIn.isPending)
      signIn.mutate(token.trim(), { onError: () => input.current?.select() });
  };
  return (
    <LoneCard onSubmit={submit}>
      <h1 className={styles.title}>
        <img src={`${BASE}/favicon.svg`} alt="" width={20} height={20} />
        Sign in to Loom
      </h1>
      {ended && <p role="status">The session has ended. Sign in again to go on where you were.</p>}
      <TextInput
        ref={input}
        type="password"
        size="sm"
        label="Token"
        classNames={{ root: styles.field, description: styles.small, error: styles.small }}
        description={
          <>
            The value of <code>STUDIO_TOKEN</code> that this studio's server was started with. Whoever started the
            server has it.
          </>
        }
        autoComplete="current-password"
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
        error={signIn.error && <span role="alert">{refusal(signIn.error)}</span>}
      />
      <PendingButton type="submit" size="sm" pending={signIn.isPending || wait > 0}>
        {wait > 0 ? `Sign in (in ${formatDuration(Math.ceil(wait / 1000) * 1000)})` : "Sign in"}
      </PendingButton>
    </LoneCard>
  );
}

function refusal(error: Error): string {
  const status = error instanceof ApiError ? error.status : undefined;
  if (status === 401 || status === 403) return "This is not the token of this studio.";
  if (status === 429) return "Too many wrong tokens were tried. Wait a moment before the next one.";
  return error.message;
}

/** Milliseconds until the studio takes another try. */
function useWait(error: Error | null): number {
  useNow();
  const [failed, setFailed] = useState({ error, at: 0 });
  if (failed.error !== error) setFailed({ error, at: Date.now() });
  const asked = error instanceof ApiError ? error.retryAfter : undefined;
  return asked === undefined ? 0 : Math.max(0, failed.at + asked - Date.now());
}
