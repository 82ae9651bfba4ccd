/**
 * The language of filters over actors, as the studio, the command line and this page have it. The cases that hold all of
 * them together are in `bridge/protocol/filter-cases.json`.
 */

import type { Field, Measure, Nature } from "./keys";
import type { Limit } from "./number";
import type { Pattern, Piece } from "./pattern";

export type Condition =
  | { of: "text"; pattern: Pattern }
  | { of: "field"; field: Field; patterns: readonly Pattern[] }
  | { of: "measure"; measure: Measure; limits: readonly Limit[] }
  | { of: "is"; natures: readonly Nature[] };

export type Term = { negated: boolean; condition: Condition };

/** All terms must hold. */
export type Filter = readonly Term[];

/** What is read of it is the same filter again. */
export function print(filter: Filter): string {
  return filter.map(({ negated, condition }) => `${negated ? "-" : ""}${printed(condition)}`).join(" ");
}

function printed(condition: Condition): string {
  switch (condition.of) {
    case "text":
      return printPattern(condition.pattern);
    case "field":
      return `${condition.field}:${condition.patterns.map(printPattern).join(",")}`;
    case "measure":
      return `${condition.measure}:${condition.limits.map(printLimit).join(",")}`;
    case "is":
      return `is:${condition.natures.join(",")}`;
  }
}

function printLimit({ comparison, number, unit }: Limit): string {
  return `${comparison}${number}${unit}`;
}

export function printPattern({ pieces }: Pattern): string {
  return pieces.length === 0 ? '""' : pieces.map(printPiece).join("");
}

function printPiece(piece: Piece): string {
  if (piece === undefined) return "*";
  if (/^(?!-)[A-Za-z0-9_\-./@#]*$/.test(piece)) return piece;
  return `"${piece.replace(/["\\]/g, "\\$&")}"`;
}
