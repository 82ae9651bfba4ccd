/** The simplest filter there is: that a field is a text, whatever signs are in it. */

import { print } from "./filter";
import type { Field } from "./keys";
import { literal } from "./pattern";

export function condition(field: Field, text: string): string {
  return print([{ negated: false, condition: { of: "field", field, patterns: [literal(text)] } }]);
}
