import { BASE } from "../api/base";
import { useIsSignedIn } from "../lib/use-session";
import { EmptyNote } from "./notes";
import { Snippet } from "./snippet";

/** How to bring the first actor, to this studio as it is reached from here. */
export function NoActors() {
  const signedIn = useIsSignedIn();
  const url = window.location.origin + BASE;
  return (
    <EmptyNote title="No actor has reported yet.">
      <p className="dim">
        In an actix application: <code>loom_bridge::Context</code> in place of actix's own,{" "}
        <code>#[loom_bridge::actor]</code> above <code>impl Actor</code>, and before the first actor starts:
      </p>
      <Snippet text={EMBEDDING} />
      <p className="dim">Then start it with:</p>
      <Snippet text={`STUDIO_ENABLED=true STUDIO_URL=${url}${signedIn ? " STUDIO_TOKEN=…" : ""} cargo run`} />
      <p className="dim">Any other program reports over HTTP:</p>
      <Snippet text={example(url, signedIn)} />
    </EmptyNote>
  );
}

const EMBEDDING = `let discovery = loom_bridge::DiscoveryService::new();
loom_bridge::get_discovery_bridge().connect(&discovery.registry)?;`;

function example(url: string, withToken: boolean): string {
  return [
    `curl -X POST ${url}/api/actor/register`,
    ...(withToken ? [`-H "Authorization: Bearer $STUDIO_TOKEN"`] : []),
    "-H 'content-type: application/json'",
    `-d '{"id":"hello-1","type":"HelloActor","status":"active"}'`,
  ].join(" \\\n  ");
}
