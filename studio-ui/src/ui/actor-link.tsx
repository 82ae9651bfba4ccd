import { Link } from "@tanstack/react-router";
import { Name } from "./name";

/** An actor's name, which leads to its page. */
export function ActorLink({ id, cut = false }: { id: string; cut?: boolean }) {
  return (
    <Link to="/actors/$id" params={{ id }}>
      <Name of={id} mono cut={cut} />
    </Link>
  );
}
