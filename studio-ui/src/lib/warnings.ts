/** Warnings as all of the page counts them. */

import type { Warning, Warnings } from "../api/warnings";

/** Those that fire and that nobody keeps quiet. */
export function loudOf(warnings: Warnings | undefined): readonly Warning[] {
  return warnings?.firing.filter(({ silencedBy }) => silencedBy == null) ?? [];
}
