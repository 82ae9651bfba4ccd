/** What a workflow is called when it is started or stopped. */

import type { Workflow } from "../../api/types";

/** Its name, or the stem of its file where several have that name. */
export function handleOf(workflow: Workflow, all: readonly Workflow[]): string {
  const alone = all.every((other) => other.name !== workflow.name || other.file === workflow.file);
  return alone ? workflow.name : stem(workflow.file);
}

/** As the runtime makes it: `ci` for `ci.yml`, `diamond` for `diamond.loom.yml`, `loom` for `.loom.yml`. */
function stem(file: string): string {
  const name = file.split("/").at(-1) ?? file;
  return name
    .replace(/\.ya?ml$/, "")
    .replace(/(.)\.loom$/, "$1")
    .replace(/^\.+/, "");
}
