import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lintsQuery } from "../../api/inside-queries";
import { type Warning, warningsQuery } from "../../api/warnings";
import { loudOf } from "../../lib/warnings";
import { Name } from "../../ui/name";
import type { Need } from "../../ui/need-list";
import { Sentence } from "../../ui/sentence";
import { WarningSubject } from "../../ui/warning-subject";
import { withoutSaid } from "./model/warning-needs";

/** Warnings that fire, without those whose matter is said already: by a lint, or by what a product has to say. */
export function useWarningNeeds(more: readonly Need[]): Need[] {
  const { data } = useQuery(warningsQuery);
  const lints = useQuery(lintsQuery).data ?? [];
  return withoutSaid(loudOf(data), lints, more).map(warningNeed);
}

function warningNeed(warning: Warning): Need {
  const { id, rule, ruleName, severity, sentence, since, fired } = warning;
  return {
    key: `firing ${id}`,
    severity,
    icon: "bell",
    subject: <WarningSubject {...warning} />,
    sentence: (
      <>
        <Sentence text={sentence} /> (
        <Link to="/warnings" search={{ view: "rules", rule }}>
          <Name of={ruleName} />
        </Link>
        )
      </>
    ),
    since: fired ?? since,
  };
}
