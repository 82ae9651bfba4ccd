import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Lint } from "../../api/inside";
import { isUnknownHere, lintsQuery } from "../../api/inside-queries";
import { actorsOfStatusQuery } from "../../api/queries";
import { condition } from "../../lib/filter/condition";
import { plural } from "../../lib/format";
import { ActorLink } from "../../ui/actor-link";
import { Name } from "../../ui/name";
import type { Need } from "../../ui/need-list";
import { Sentence } from "../../ui/sentence";
import { type Silent, withoutLinted, withoutName } from "./model/actor-needs";

/** How many actors of a status are named. */
const NAMED = 3;

export type ActorNeeds = { needs: Need[]; loaded: boolean; error: Error | null; retry: () => void };

/** What lints say, and actors that failed or fell silent. */
export function useActorNeeds(): ActorNeeds {
  const lints = useQuery(lintsQuery);
  const failed = useQuery(actorsOfStatusQuery("failed", NAMED));
  const stale = useQuery(actorsOfStatusQuery("stale", NAMED));
  const found = lints.data ?? [];
  const silent = (["failed", "stale"] as const).flatMap((status) => {
    const page = { failed, stale }[status].data;
    return page === undefined ? [] : [withoutLinted({ status, total: page.total, first: page.items }, found)];
  });
  const error = isUnknownHere(lints.error)
    ? (failed.error ?? stale.error)
    : (lints.error ?? failed.error ?? stale.error);
  return {
    needs: [...found.map(lintNeed), ...silent.filter(({ total }) => total > 0).map(silentNeed)],
    loaded: !lints.isPending && !failed.isPending && !stale.isPending,
    error,
    retry: () => {
      for (const query of [lints, failed, stale]) void query.refetch();
    },
  };
}

function lintNeed(lint: Lint): Need {
  const { code, severity, actor, type, sentence, since } = lint;
  return {
    // One that is about neither, such as a process, is told from others by its sentence.
    key: ["lint", code, actor, type, actor || type ? "" : sentence].join(" "),
    severity: severity === "problem" ? "problem" : "warning",
    icon: "warning",
    subject: actor ? (
      <ActorLink id={actor} />
    ) : type ? (
      <Link to="/actors" search={{ filter: condition("type", type) }}>
        <Name of={type} />
      </Link>
    ) : null,
    sentence: <Sentence text={withoutName(sentence, actor ?? type)} />,
    since: since ?? undefined,
  };
}

function silentNeed({ status, total, first }: Silent): Need {
  return {
    key: status,
    severity: status === "failed" ? "problem" : "warning",
    icon: status === "failed" ? "cross" : "question",
    subject: (
      <Link to="/actors" search={{ filter: condition("state", status) }}>
        {plural(total, `${status} actor`)}
      </Link>
    ),
    sentence: (
      <>
        {first.map(({ id }, index) => (
          <span key={id}>
            {index > 0 && ", "}
            <ActorLink id={id} />
          </span>
        ))}
        {total > first.length && first.length > 0 && " and more"}
      </>
    ),
  };
}
