/** Which warnings say something that is not said already. */

import type { Lint } from "../../../api/inside";
import type { Warning } from "../../../api/warnings";

/** Without those of a lint that is named, and those that lead to a page that is. */
export function withoutSaid(
  warnings: readonly Warning[],
  lints: readonly Pick<Lint, "actor" | "type">[],
  needs: readonly { path?: string }[],
): readonly Warning[] {
  const linted = new Set(lints.flatMap(({ actor, type }) => [actor, type].filter((name) => name != null)));
  const paths = new Set(needs.flatMap(({ path }) => path ?? []));
  return warnings.filter((warning) => {
    if (warning.link != null && paths.has(warning.link)) return false;
    // Of a lint a warning has no unit; work has none either.
    const isLint = warning.unit == null && warning.about !== "work";
    return !isLint || !linted.has(warning.subject);
  });
}
