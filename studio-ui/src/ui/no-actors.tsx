import { BASE } from "../api/base";
import { useIsSignedIn } from "../lib/use-session";
import { EmptyNote } from "./notes";
import { Snippet } from "./snippet";

/** How to bring the first actor, to this studio as it is reached from here. */
export function NoActors() {
  const signedIn = useIsSignedIn();
  return (
    <EmptyNote title="No actor has reported yet.">
      <p className="dim">An actix application reports through the bridge crate; any program can report over HTTP:</p>
      <Snippet text={example(window.location.origin + BASE, signedIn)} />
    </EmptyNote>
  );
}

function example(origin: string, withToken: boolean): string {
  return [
    `curl -X POST ${origin}/api/actor/register`,
    ...(withToken ? [`-H "Authorization: Bearer $STUDIO_TOKEN"`] : []),
    "-H 'content-type: application/json'",
    `-d '{"id":"hello-1","type":"HelloActor","status":"active"}'`,
  ].join(" \\\n  ");
}
