/** What a workflow is told when it is started by hand: filled in, checked as far as a form can, remembered here. */

import type { WorkflowInput } from "../../api/workflow-types";

export type Filled = Readonly<Record<string, string>>;

/** What is filled in at first: what was last given here where it still fits, else the default. */
export function firstFilled(inputs: readonly WorkflowInput[], remembered: Filled): Filled {
  return Object.fromEntries(
    inputs.map((input) => {
      const { name, options, type, default: usual } = input;
      const last = Object.hasOwn(remembered, name) ? remembered[name] : undefined;
      const fits = last !== undefined && (options === undefined || options.includes(last));
      return [name, (fits ? last : usual) ?? (type === "boolean" ? "false" : "")];
    }),
  );
}

/** What is sent: without what is empty, so that the workflow takes its default. Those that are missing are named. */
export function givenOf(inputs: readonly WorkflowInput[], filled: Filled): { given: Filled; missing: string[] } {
  const entries = inputs.map(({ name }) => [name, filled[name] ?? ""] as const);
  return {
    given: Object.fromEntries(entries.filter(([, value]) => value !== "")),
    missing: inputs
      .filter((input) => input.required && input.default === undefined && (filled[input.name] ?? "") === "")
      .map(({ name }) => name),
  };
}

const key = (file: string) => `loom-inputs ${file}`;

/** What was last given to the workflow of a file, from this browser. */
export function remembered(file: string): Filled {
  try {
    const known: unknown = JSON.parse(window.localStorage.getItem(key(file)) ?? "{}");
    if (typeof known !== "object" || known === null) return {};
    return Object.fromEntries(Object.entries(known).filter(([, value]) => typeof value === "string"));
  } catch {
    return {};
  }
}

export function remember(file: string, given: Filled): void {
  try {
    window.localStorage.setItem(key(file), JSON.stringify(given));
  } catch {
    // Then it is filled in again next time.
  }
}
