import type { Finding } from "../../../api/types";
import { plural } from "../../../lib/format";
import { severityOf } from "./marks";

export type Verdict = { tone: "good" | "bad" | "wait"; words: string };

type Found = { valid: boolean; findings: readonly Finding[]; omitted: number };

/** What was found, in a few words; nothing before it is known. */
export function verdictOf(found: Found | undefined): Verdict | undefined {
  if (found === undefined) return undefined;
  const errors = found.findings.filter((one) => severityOf(one) === "error").length;
  const warnings = found.findings.length - errors;
  const parts = [errors > 0 && plural(errors, "error"), warnings > 0 && plural(warnings, "warning")];
  const words = parts.filter((part) => part !== false).join(", ");
  const more = found.omitted > 0 ? " and more" : "";
  if (!found.valid) return { tone: "bad", words: `${words || "invalid"}${more}` };
  return warnings > 0 || more !== "" ? { tone: "wait", words: `${words}${more}` } : { tone: "good", words: "valid" };
}
