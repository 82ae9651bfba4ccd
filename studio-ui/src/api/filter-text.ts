/** Conditions as the filter of actors has them: `type:Order`, `type:"My Order"`. */

export function condition(field: "type" | "state" | "parent", value: string): string {
  return /^(?!-)[\w./@#-]+$/.test(value) ? `${field}:${value}` : `${field}:"${value.replace(/["\\]/g, "\\$&")}"`;
}
