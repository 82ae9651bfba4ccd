/** A JSON Schema as fields of a form, and what was filled in as the body of a message. */

import type { JsonSchema } from "../../../api/inside";
import { parseJson, printJson, wholeNumber } from "../../../api/json";

export type FieldKind = "text" | "integer" | "number" | "boolean" | "choice" | "json";

export type FormField = {
  /** Its property; empty for the whole body. */
  name: string;
  kind: FieldKind;
  required: boolean;
  description?: string | undefined;
  choices?: string[];
  /** As it is filled in at first. */
  initial: string;
};

export type Filled = Readonly<Record<string, string>>;

export type Made = { body: unknown } | { problems: Record<string, string> };

/** One field for each property; one for the whole body where the schema says nothing of properties. */
export function fieldsOf(schema: JsonSchema | undefined): FormField[] {
  const properties = Object.entries(schema?.properties ?? {});
  if (properties.length === 0) {
    const takesNothing = schema === undefined || typesOf(schema).includes("null") || typesOf(schema).includes("object");
    return [{ ...fieldOf("", schema ?? {}, !takesNothing), kind: "json" }];
  }
  return properties.map(([name, property]) => fieldOf(name, property, schema?.required?.includes(name) ?? false));
}

function fieldOf(name: string, schema: JsonSchema, required: boolean): FormField {
  const kind = kindOf(schema);
  const choices = kind === "choice" ? (schema.enum ?? []).map(String) : undefined;
  return {
    name,
    kind,
    required,
    description: schema.description,
    ...(choices && { choices }),
    initial: initialOf(schema, kind),
  };
}

function initialOf(schema: JsonSchema, kind: FieldKind): string {
  if (schema.default === undefined) return kind === "boolean" ? "false" : "";
  return typeof schema.default === "string" && kind !== "json" ? schema.default : printJson(schema.default);
}

function kindOf(schema: JsonSchema): FieldKind {
  if (schema.enum?.every((choice) => typeof choice === "string")) return "choice";
  const types = typesOf(schema).filter((type) => type !== "null");
  if (types.length !== 1) return "json";
  switch (types[0]) {
    case "string":
      return "text";
    case "integer":
      return "integer";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "json";
  }
}

function typesOf({ type }: JsonSchema): string[] {
  return type === undefined ? [] : [type].flat();
}

/** What was filled in, read as its fields say; empty optional fields are left out. */
export function bodyOf(fields: readonly FormField[], filled: Filled): Made {
  const problems: Record<string, string> = {};
  const body: Record<string, unknown> = {};
  for (const field of fields) {
    const text = filled[field.name] ?? field.initial;
    if (text.trim() === "" && (field.kind !== "text" || !field.required)) {
      if (field.required) problems[field.name] = "is needed";
      continue;
    }
    const read = readAs(field.kind, text);
    if ("problem" in read) problems[field.name] = read.problem;
    else body[field.name] = read.value;
  }
  if (Object.keys(problems).length > 0) return { problems };
  const whole = fields.length === 1 && fields[0]?.name === "";
  return { body: whole ? body[""] : body };
}

function readAs(kind: FieldKind, text: string): { value: unknown } | { problem: string } {
  if (kind === "text" || kind === "choice") return { value: text };
  if (kind === "boolean") return { value: text === "true" };
  if (kind === "json") {
    try {
      return { value: parseJson(text) };
    } catch {
      return { problem: "is no JSON" };
    }
  }
  const value = wholeNumber(text) ?? Number(text);
  if (!Number.isFinite(Number(value))) return { problem: "is no number" };
  if (kind === "integer" && !Number.isInteger(Number(value))) return { problem: "has to be a whole number" };
  return { value };
}
