import { Link } from "@tanstack/react-router";
import type { Warning } from "../api/warnings";
import { condition } from "../lib/filter/condition";
import { ActorLink } from "./actor-link";
import { InnerLink } from "./inner-link";
import { Name } from "./name";

/** What a warning is about; leads there. */
export function WarningSubject({ about, subject, link }: Pick<Warning, "about" | "subject" | "link">) {
  switch (about) {
    case "all":
      return <Link to="/actors">All actors</Link>;
    case "type":
      return (
        <Link to="/actors" search={{ filter: condition("type", subject) }}>
          <Name of={subject} />
        </Link>
      );
    case "actor":
      return <ActorLink id={subject} />;
    default:
      return link == null ? (
        <Name of={subject} />
      ) : (
        <InnerLink path={link}>
          <Name of={subject} />
        </InnerLink>
      );
  }
}
